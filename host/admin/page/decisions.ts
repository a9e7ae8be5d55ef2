import { fill, h, say } from "../../web/src/dom.ts";
import type { Api, Decision } from "./api.ts";
import { words } from "./decide.ts";
import { table } from "./tables.ts";
import { moment } from "./text.ts";

const page = 25;
const most = 200; // at once; the command line has them all

/** Who decided what about whom, the newest first. */
export class Decisions {
  readonly el: HTMLElement;
  private readonly body = h("tbody");
  private readonly list = table("Decisions", "decisions", ["When", "Who decided", "What", "About number", "Why"], this.body);
  private readonly state = h("span", { class: "hint", test: "decisions-state" });
  private readonly older = h("button", { class: "quiet small", type: "button", test: "decisions-older", hidden: true }, "Older");
  private readonly error = h("p", { class: "error", test: "decisions-error", attr: { role: "alert" } });
  private limit = page;
  private shown = "";

  /** find shows who has a number. */
  constructor(
    private readonly api: Api,
    private readonly find: (id: string) => void,
  ) {
    this.list.hidden = true;
    this.older.addEventListener("click", () => {
      this.limit = Math.min(this.limit + page, most);
      void this.refresh();
    });
    this.el = h(
      "section",
      { class: "panel", attr: { "aria-labelledby": "decisions" } },
      h("header", {}, h("h2", { id: "decisions" }, "Decisions"), this.state),
      this.error,
      this.list,
      h("div", { class: "buttons" }, this.older),
    );
  }

  async refresh(): Promise<void> {
    let answer: { rulings: Decision[]; next: number };
    try {
      answer = await this.api.rulings(this.limit);
      say(this.error, "");
    } catch (e) {
      return say(this.error, e instanceof Error ? e.message : String(e));
    }
    const { rulings, next } = answer;
    this.older.hidden = next === 0 || this.limit >= most;
    say(this.state, rulings.length === 0 ? "none yet" : "");
    const key = JSON.stringify(rulings);
    if (key === this.shown) return; // a selection in the table survives when nothing changed
    this.shown = key;
    this.list.hidden = rulings.length === 0;
    fill(this.body, ...rulings.map((d) => this.row(d)));
  }

  private row(d: Decision): HTMLElement {
    const number = h("button", { class: "quiet small", type: "button", title: "Who is that?", test: `who-${d.person}`, on: { click: () => this.find(d.person) } }, d.person);
    return h("tr", {}, h("td", {}, h("time", { title: d.at }, moment(d.at))), h("td", {}, d.by), h("td", {}, words[d.action].past), h("td", { class: "number" }, number), h("td", { class: "words" }, d.reason));
  }
}
