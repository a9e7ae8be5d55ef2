import { fill, h, say } from "../../web/src/dom.ts";
import type { Api, Found } from "./api.ts";
import { type Court, verdicts } from "./decide.ts";
import { who } from "./reports.ts";
import { table } from "./tables.ts";
import { moment } from "./text.ts";

/** Looks somebody up by name or number, whether anybody complained or not. */
export class People {
  readonly el: HTMLElement;
  private readonly body = h("tbody");
  private readonly found: HTMLElement;
  private readonly text = h("input", { id: "find", type: "search", maxLength: 40, autocomplete: "off", placeholder: "A part of a name, or a number", test: "find", attr: { "aria-label": "Find a person" } });
  private readonly error = h("p", { class: "error", test: "find-error", attr: { role: "alert" } });
  private readonly state = h("span", { class: "hint", test: "find-state", attr: { role: "status" } });
  private readonly court: Court;

  constructor(
    private readonly api: Api,
    decided: (text: string) => void,
  ) {
    this.court = {
      api,
      decided: (text) => {
        decided(text);
        void this.look();
      },
      failed: (why) => say(this.error, why),
    };
    this.found = table("People", "people", ["Here since", "Name", "Number", "Login", ""], this.body);
    this.found.hidden = true;
    const form = h("form", { class: "find" }, this.text, h("button", { class: "quiet small", type: "submit", test: "find-go" }, "Find"));
    form.addEventListener("submit", (ev) => {
      ev.preventDefault();
      void this.look();
    });
    this.el = h("section", { class: "panel", attr: { "aria-labelledby": "people" } }, h("header", {}, h("h2", { id: "people" }, "People"), form, this.state), this.error, this.found);
  }

  /** Shows who has this number, and goes there. */
  find(id: string): void {
    this.text.value = id;
    this.el.scrollIntoView({ block: "nearest" });
    void this.look();
  }

  private async look(): Promise<void> {
    try {
      const { people, next } = await this.api.people(this.text.value.trim());
      say(this.error, "");
      say(this.state, next ? `the newest ${people.length}` : people.length ? `${people.length} found` : "nobody");
      this.found.hidden = people.length === 0;
      fill(this.body, ...people.map((p) => this.row(p)));
    } catch (e) {
      say(this.error, e instanceof Error ? e.message : String(e));
    }
  }

  private row(p: Found): HTMLElement {
    return h(
      "tr",
      {},
      h("td", {}, h("time", { title: p.created_at }, moment(p.created_at))),
      h("td", {}, who(p.name, p.id), p.banned ? h("span", { class: "pill", data: { state: "quarantined" } }, "banned") : null),
      h("td", { class: "number" }, p.id),
      h("td", {}, p.guest ? "a guest" : "an account"),
      h("td", {}, verdicts(this.court, p.id, [p.banned ? "unban" : "ban"])),
    );
  }
}
