import { h, say, uid } from "../../web/src/dom.ts";

/** What a dialog asks, and what happens on yes. */
export interface Question {
  title: string;
  test: string;
  body: (Node | string)[];
  yes: string;
  danger?: boolean;
  /** Runs on yes; what it throws is shown, and the dialog stays. */
  act: () => Promise<void>;
}

/** Asks in a modal dialog. Escape and No leave everything as it is. */
export function ask(q: Question): void {
  const id = uid("dialog");
  const error = h("p", { class: "error", test: `${q.test}-error`, attr: { role: "alert" } });
  const no = h("button", { class: "quiet", type: "button", test: `${q.test}-no` }, "Cancel");
  const yes = h("button", { class: q.danger ? "danger" : "primary", type: "submit", test: `${q.test}-yes` }, q.yes);
  const form = h("form", { noValidate: true }, h("h2", { id, tabIndex: -1 }, q.title), ...q.body, error, h("div", { class: "buttons" }, yes, no));
  const el = h("dialog", { class: "dialog", test: q.test, attr: { "aria-labelledby": id } }, form);
  let busy = false;
  no.addEventListener("click", () => el.close());
  el.addEventListener("cancel", (ev) => busy && ev.preventDefault());
  el.addEventListener("close", () => el.remove());
  form.addEventListener("submit", async (ev) => {
    ev.preventDefault();
    if (busy) return;
    busy = yes.disabled = no.disabled = true;
    say(error, "");
    yes.setAttribute("aria-busy", "true");
    try {
      await q.act();
      el.close();
    } catch (e) {
      say(error, e instanceof Error ? e.message : String(e));
    } finally {
      busy = yes.disabled = no.disabled = false;
      yes.removeAttribute("aria-busy");
    }
  });
  document.body.append(el);
  el.showModal();
}

/** Facts in two columns. */
export function facts(...list: [string, string | Node][]): HTMLElement {
  return h("dl", { class: "facts" }, ...list.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}
