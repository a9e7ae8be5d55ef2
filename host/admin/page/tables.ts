import { fill, h } from "../../web/src/dom.ts";
import type { Api, Change, Status } from "./api.ts";
import { about, bytes, failed, failures, fullName, micros, moment, short } from "./text.ts";

/** A table that scrolls sideways by itself, keyboard included. */
export function table(label: string, test: string, columns: string[], body: HTMLElement): HTMLElement {
  return h(
    "div",
    { class: "scroll", tabIndex: 0, attr: { role: "region", "aria-label": label } },
    h("table", { test }, h("thead", {}, h("tr", {}, ...columns.map((c) => h("th", { attr: { scope: "col" } }, c)))), body),
  );
}

/** All versions the server keeps. */
export class Versions {
  readonly el: HTMLElement;
  private readonly body = h("tbody");
  private shown = "";

  constructor() {
    this.el = h(
      "section",
      { class: "panel" },
      h("h2", {}, "Versions"),
      table("Versions", "versions", ["Plugin", "Digest", "State", "Hooks", "Size", "Loaded", "Calls", "P99", "Failures"], this.body),
    );
  }

  update(s: Status): void {
    const key = JSON.stringify(s.versions, (_k, v: unknown) => (typeof v === "bigint" ? String(v) : v));
    if (key === this.shown) return; // a selection in the table survives when nothing changed
    this.shown = key;
    fill(
      this.body,
      ...s.versions.map((v) => {
        const use = v.use ?? [];
        const calls = use.reduce((n, f) => n + f.calls, 0);
        const bad = use.filter((f) => failed(f) > 0);
        return h(
          "tr",
          { data: { state: v.state } },
          h("td", {}, fullName(v)),
          h("td", {}, h("code", { title: v.digest }, short(v.digest))),
          h("td", {}, h("span", { class: "pill", data: { state: v.state } }, v.state), v.reason ? h("p", { class: "error" }, v.reason) : null, v.missing_attrs ? h("p", { class: "error" }, `0 for everybody, since product.attrs does not name it: ${v.missing_attrs.join(", ")}`) : null),
          h("td", {}, v.hooks.join(", ")),
          h("td", { class: "number" }, bytes(v.bytes)),
          h("td", {}, moment(v.loaded_at)),
          h("td", { class: "number" }, about(calls)),
          h("td", { class: "number" }, calls ? micros(Math.max(...use.map((f) => f.p99_us))) : "–"),
          h("td", { class: bad.length ? "bad" : "" }, bad.map(failures).join("; ") || "none"),
        );
      }),
    );
  }
}

/** The audit log, newest first. */
export class History {
  readonly el: HTMLElement;
  private readonly body = h("tbody");
  private readonly older = h("button", { class: "quiet small", type: "button", test: "history-older", hidden: true }, "Older");
  private readonly error = h("p", { class: "error", attr: { role: "alert" } });
  private changes: Change[] = [];
  private next = 0;

  constructor(private readonly api: Api) {
    this.older.addEventListener("click", () => void this.more());
    this.el = h(
      "section",
      { class: "panel" },
      h("h2", {}, "History"),
      table("History", "history", ["When", "Who", "What", "Hook", "Before", "After", "Result"], this.body),
      h("div", { class: "buttons" }, this.older),
      this.error,
    );
  }

  /** Puts what is new on top; older pages that are open stay. */
  async refresh(): Promise<void> {
    const page = await this.api.history(0);
    const top = JSON.stringify(this.changes[0]);
    const known = page.changes.findIndex((c) => JSON.stringify(c) === top);
    if (known === 0) return;
    if (known > 0) {
      this.changes = [...page.changes.slice(0, known), ...this.changes];
    } else {
      this.changes = page.changes;
      this.next = page.next;
    }
    this.render();
  }

  private async more(): Promise<void> {
    this.older.disabled = true;
    fill(this.error);
    try {
      const page = await this.api.history(this.next);
      this.changes = [...this.changes, ...page.changes];
      this.next = page.next;
      this.render();
    } catch (e) {
      fill(this.error, e instanceof Error ? e.message : String(e));
    } finally {
      this.older.disabled = false;
    }
  }

  private render(): void {
    this.older.hidden = this.next === 0;
    fill(
      this.body,
      ...this.changes.map((c) =>
        h(
          "tr",
          {},
          h("td", {}, h("time", { title: c.at }, moment(c.at))),
          h("td", {}, c.who),
          h("td", {}, c.action),
          h("td", {}, c.hook ?? ""),
          h("td", {}, c.before ?? ""),
          h("td", {}, c.after ?? (c.digest ? short(c.digest) : "")),
          h("td", { class: c.result === "ok" ? "" : "bad" }, c.result),
        ),
      ),
    );
  }
}
