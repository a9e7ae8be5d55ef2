import { fill, h, say, setAttr, svg } from "../../web/src/dom.ts";
import type { Health, Reading } from "./api.ts";
import { ago, bytes, count } from "./text.ts";

const kept = 60; // readings behind each line: two minutes
const width = 96;
const height = 24;

/** How the server is: ready or why not, and the first figures, each with its last two minutes. */
export class Healthy {
  readonly el: HTMLElement;
  private readonly state = h("span", { class: "pill", test: "ready", attr: { role: "status" } });
  private readonly why = h("p", { class: "error", test: "unready" });
  private readonly since = h("span", { class: "hint" });
  private readonly list = h("dl", { class: "readings" });
  private tiles = new Map<string, Tile>();

  constructor() {
    this.el = h(
      "section",
      { class: "panel health", test: "health", attr: { "aria-labelledby": "health" } },
      h("header", {}, h("h2", { id: "health" }, "Health"), this.since, this.state),
      this.why,
      this.list,
    );
  }

  update(s: Health): void {
    say(this.state, s.ready ? "ready" : "not ready");
    this.state.dataset["state"] = s.ready ? "live" : "no answer";
    say(this.why, s.reasons.join("; "));
    say(this.since, `${s.version}, up ${ago(s.since)}`);
    const names = s.readings.map((r) => r.name);
    if (names.join() !== [...this.tiles.keys()].join()) {
      this.tiles = new Map(names.map((name) => [name, this.tiles.get(name) ?? new Tile(name)]));
      fill(this.list, ...[...this.tiles.values()].map((t) => t.el));
    }
    for (const r of s.readings) this.tiles.get(r.name)!.update(r);
  }
}

class Tile {
  readonly el: HTMLElement;
  private readonly value = h("dd", {});
  private readonly line = svg("polyline", { fill: "none", points: "" });
  private readonly past: number[] = [];

  constructor(name: string) {
    this.value.dataset["test"] = "reading-" + name.toLowerCase().replaceAll(" ", "-");
    const plot = svg("svg", { viewBox: `0 0 ${width} ${height}`, preserveAspectRatio: "none", "aria-hidden": "true" }, this.line);
    this.el = h("div", { class: "reading" }, h("dt", {}, name), this.value, plot as unknown as HTMLElement);
  }

  update(r: Reading): void {
    say(this.value, inWords(r));
    this.el.dataset["bad"] = String(r.bad);
    this.past.push(r.value);
    if (this.past.length > kept) this.past.shift();
    const most = Math.max(...this.past, 1e-9);
    const points = this.past.map((v, i) => `${((i + kept - this.past.length) * width) / (kept - 1)},${height - 1 - (v / most) * (height - 2)}`);
    setAttr(this.line, { points: points.join(" ") });
  }
}

function inWords(r: Reading): string {
  const one = (v: number) => {
    if (r.unit === "bytes") return bytes(v);
    if (r.unit === "seconds") return v < 0.001 ? `${Math.round(v * 1e6)} µs` : v < 1 ? `${(v * 1000).toFixed(1)} ms` : `${v.toFixed(1)} s`;
    return count(Math.round(v * 10) / 10) + (r.unit === "per_second" ? "/s" : "");
  };
  return r.of > 0 ? `${one(r.value)} of ${one(r.of)}` : one(r.value);
}
