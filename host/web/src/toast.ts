import { h } from "./dom.ts";

const shownMs = 7_000;

/** Short news at the edge of the page, read out politely. */
export class Toasts {
  readonly el = h("div", { class: "toasts", attr: { role: "status", "aria-live": "polite" } });

  show(text: string, tone: "good" | "bad" = "good"): void {
    const t: HTMLElement = h("div", { class: "toast " + tone }, h("p", {}, text), h("button", { type: "button", class: "quiet small", attr: { "aria-label": "Dismiss" }, on: { click: () => t.remove() } }, "✕"));
    this.el.append(t);
    while (this.el.children.length > 3) this.el.firstElementChild!.remove();
    setTimeout(() => t.remove(), shownMs);
  }
}
