import { fill, h, say } from "../../web/src/dom.ts";
import type { Figure, Generation, Hook, Status, Version } from "./api.ts";
import { about, ago, bytes, compiledIn, count, failed, failures, micros, moment, short } from "./text.ts";

const meanings: Record<Hook, string> = {
  match: "who ranks where",
  cooldown: "how long a pair is kept apart",
  trim: "what leaves the server",
  signalling: "what two browsers must tell each other",
};

/** What a card's buttons do. */
export interface Wishes {
  params(g: Generation, v: Version): void;
  rollback(g: Generation): void;
  pause(g: Generation): void;
  resume(g: Generation): void;
}

/** One hook: the generation that serves it and how it does. Built once, then only its words change, so that the focus stays. */
export class Card {
  readonly el: HTMLElement;
  private readonly name = h("p", { class: "plugin" });
  private readonly state = h("span", { class: "pill" });
  private readonly origin = h("p", { class: "hint" });
  private readonly knobs = h("p", { class: "knobs" });
  private readonly cells = new Map<string, HTMLElement>();
  private readonly buttons: Record<"params" | "rollback" | "toggle", HTMLButtonElement>;
  private g?: Generation;
  private v: Version | undefined;
  private last?: { at: number; calls: number; digest: string };

  constructor(
    readonly hook: Hook,
    private readonly wishes: Wishes,
  ) {
    const button = (name: string, text: string, click: () => void) =>
      h("button", { class: "quiet small", type: "button", test: `${hook}-${name}`, on: { click } }, text);
    this.buttons = {
      params: button("params", "Parameters…", () => this.g && this.v && this.wishes.params(this.g, this.v)),
      rollback: button("rollback", "Roll back…", () => this.g && this.wishes.rollback(this.g)),
      toggle: button("toggle", "Pause…", () => this.g && (this.g.paused ? this.wishes.resume(this.g) : this.wishes.pause(this.g))),
    };
    const cell = (name: string) => {
      const dd = h("dd", { test: `${hook}-${name.toLowerCase()}` }, "–");
      this.cells.set(name, dd);
      return h("div", {}, h("dt", {}, name), dd);
    };
    this.el = h(
      "section",
      { class: "panel card", test: `card-${hook}`, attr: { "aria-labelledby": `hook-${hook}` } },
      h("header", {}, h("h3", { id: `hook-${hook}` }, hook), h("span", { class: "hint" }, meanings[hook]), this.state),
      this.name,
      this.origin,
      h("dl", { class: "figures" }, ...["Calls", "P99", "Fuel", "Failures", "Memory"].map(cell)),
      this.knobs,
      h("div", { class: "buttons" }, this.buttons.params, this.buttons.rollback, this.buttons.toggle),
    );
  }

  update(s: Status): void {
    const g = s.serving.find((x) => x.hook === this.hook);
    if (!g) return;
    const v = s.versions.find((x) => x.digest === g.digest);
    this.g = g;
    this.v = v;
    say(this.name, g.name);
    const state = g.paused ? "paused" : compiledIn(g) ? "compiled in" : "serving";
    say(this.state, state);
    this.state.dataset["state"] = state;
    say(this.origin, `${g.paused ? "the rule compiled in answers · " : ""}${short(g.digest)} · revision ${g.revision} · since ${moment(g.since)} (${ago(g.since)}) by ${g.by}`);
    this.origin.title = g.digest;
    this.figures(v?.use?.find((x) => x.hook === this.hook));
    this.showKnobs(g, v);
    this.buttons.params.hidden = !v?.params.length;
    say(this.buttons.toggle, g.paused ? "Resume…" : "Pause…");
    this.buttons.toggle.hidden = compiledIn(g) && !g.paused;
  }

  private figures(f: Figure | undefined): void {
    const put = (name: string, text: string) => say(this.cells.get(name)!, text);
    const failures_ = this.cells.get("Failures")!;
    failures_.classList.toggle("bad", !!f && failed(f) > 0);
    if (!f) {
      for (const name of this.cells.keys()) put(name, "–");
      return;
    }
    const now = performance.now();
    const same = this.last?.digest === this.g!.digest && f.calls >= this.last.calls;
    const rate = same ? ((f.calls - this.last!.calls) * 1000) / (now - this.last!.at) : undefined;
    this.last = { at: now, calls: f.calls, digest: this.g!.digest };
    put("Calls", about(f.calls) + (rate === undefined ? "" : ` · ${rate < 10 ? rate.toFixed(1) : count(Math.round(rate))}/s`));
    put("P99", f.calls ? `${micros(f.p99_us)} · median ${micros(f.p50_us)}` : "–");
    put("Fuel", f.calls ? `${about(f.fuel / f.calls)} a call` : "–");
    put("Failures", failures(f));
    put("Memory", `${bytes(f.memory_bytes)} in ${f.instances} instance${f.instances === 1 ? "" : "s"}`);
  }

  private shown = "";
  private showKnobs(g: Generation, v: Version | undefined): void {
    const list = (v?.params ?? []).map((p) => {
      const value = g.params[p.name] ?? p.default;
      return { text: `${p.name} ${count(value)}`, turned: BigInt(value) !== BigInt(p.default), help: `${p.help ?? ""} (${p.unit || "number"}, default ${count(p.default)})` };
    });
    const key = JSON.stringify(list);
    if (key === this.shown) return;
    this.shown = key;
    fill(this.knobs, ...list.map((k) => h("span", { class: k.turned ? "knob turned" : "knob", title: k.help }, k.text)));
  }
}
