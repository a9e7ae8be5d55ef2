import { fill, h, say } from "../../web/src/dom.ts";
import type { Api, Report } from "./api.ts";
import { type Court, verdicts } from "./decide.ts";
import { table } from "./tables.ts";
import { count, moment } from "./text.ts";

const page = 25;
const most = 200; // at once; the command line has them all

/** What people complain of, the newest first, until somebody decides. */
export class Reports {
  readonly el: HTMLElement;
  private readonly body = h("tbody");
  private readonly list = table("Reports", "reports", ["When", "About", "Reporters", "Reason", "In their words", "By", ""], this.body);
  private readonly state = h("span", { class: "pill", test: "reports-state" });
  private readonly all = h("input", { id: "settled", type: "checkbox", test: "reports-settled" });
  private readonly older = h("button", { class: "quiet small", type: "button", test: "reports-older", hidden: true }, "Older");
  private readonly error = h("p", { class: "error", test: "reports-error", attr: { role: "alert" } });
  private readonly court: Court;
  private limit = page;
  private shown = "";

  constructor(
    private readonly api: Api,
    decided: (text: string) => void,
  ) {
    this.list.hidden = true;
    this.court = { api, decided, failed: (why) => say(this.error, why) };
    this.all.addEventListener("change", () => void this.refresh());
    this.older.addEventListener("click", () => {
      this.limit = Math.min(this.limit + page, most);
      void this.refresh();
    });
    this.el = h(
      "section",
      { class: "panel", attr: { "aria-labelledby": "reports" } },
      h("header", {}, h("h2", { id: "reports" }, "Reports"), h("label", { class: "hint", attr: { for: "settled" } }, this.all, " settled ones too"), this.state),
      this.error,
      this.list,
      h("div", { class: "buttons" }, this.older),
    );
  }

  async refresh(): Promise<void> {
    let answer: { reports: Report[]; next: number };
    try {
      answer = await this.api.reports(this.all.checked, this.limit);
      say(this.error, "");
    } catch (e) {
      return say(this.error, e instanceof Error ? e.message : String(e));
    }
    const { reports, next } = answer;
    this.older.hidden = next === 0 || this.limit >= most;
    const open = reports.filter((r) => !r.settled).length;
    say(this.state, open === 0 ? "none open" : `${open}${next && open === reports.length ? " or more" : ""} open`);
    this.state.dataset["state"] = open === 0 ? "live" : "paused";
    const key = JSON.stringify(reports);
    if (key === this.shown) return; // a selection in the table survives when nothing changed
    this.shown = key;
    this.list.hidden = reports.length === 0;
    fill(this.body, ...reports.map((r) => this.row(r)));
  }

  private row(r: Report): HTMLElement {
    return h(
      "tr",
      {},
      h("td", {}, h("time", { title: r.at }, moment(r.at))),
      h("td", {}, who(r.of_name, r.of), r.banned ? h("span", { class: "pill", data: { state: "quarantined" } }, "banned") : null),
      h("td", { class: "number" }, count(r.reporters)),
      h("td", {}, r.reason),
      h("td", { class: "words" }, r.note),
      h("td", {}, who(r.by_name, r.by)),
      h("td", {}, verdicts(this.court, r.of, r.banned ? ["unban"] : r.settled ? ["ban"] : ["ban", "vindicate"])),
    );
  }
}

/** Somebody by name; hovering tells the number. */
export const who = (name: string, id: string): HTMLElement => h("span", { title: id }, name || "gone");
