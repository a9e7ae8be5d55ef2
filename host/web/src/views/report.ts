import type { App } from "../app.ts";
import type { Card } from "napalmsky";
import { h, say } from "../dom.ts";
import { refused } from "../text.ts";
import { openDialog } from "./dialog.ts";

const reasons = [
  ["rude", "Rude or threatening"],
  ["underage", "Seems under 18"],
  ["spam", "Advertising or spam"],
  ["fake", "Not who they say they are"],
  ["other", "Something else"],
] as const;

/** Block, or report (which blocks too). Neither is ever shown to the other. */
export function openReport(app: App, other: Card): void {
  const { evening } = app;
  const who = other.name;
  const reason = h("select", { id: "report-reason", test: "report-reason" }, ...reasons.map(([value, text]) => h("option", { value }, text)));
  const note = h("textarea", { id: "report-note", rows: 3, maxLength: 500, test: "report-note" });
  const trouble = h("p", { class: "form-error", attr: { role: "alert" } });

  async function act(wish: Promise<void>, done = ""): Promise<void> {
    try {
      await wish;
      dialog.close();
      // Where the call was, how it ended is on the screen by now.
      document.querySelector<HTMLElement>("main h1")?.focus({ preventScroll: true });
      if (done) app.toast(done, "good");
    } catch (e) {
      say(trouble, refused(e, who, evening.client.now()));
    }
  }

  const dialog = openDialog(
    { label: `Block or report ${who}`, test: "report", light: true },
    h("h2", {}, `Block or report ${who}`),
    h("p", { class: "hint" }, "Blocking ends this call. You will not see each other again, and nobody is told."),
    h("button", { type: "button", class: "danger", test: "block-send", on: { click: () => void act(evening.block(other.id)) } }, "Block"),
    h("hr", {}),
    h("label", { class: "label", htmlFor: "report-reason" }, "Or tell the people who run this place"),
    reason,
    h("label", { class: "label", htmlFor: "report-note" }, "What happened (if you like)"),
    note,
    trouble,
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "button", class: "danger", test: "report-send", on: { click: () => void act(evening.report(other.id, reason.value as (typeof reasons)[number][0], note.value.trim()), "Thank you. It was reported.") } }, "Report and block"),
      h("button", { type: "button", class: "quiet", on: { click: () => dialog.close() } }, "Back"),
    ),
  );
}
