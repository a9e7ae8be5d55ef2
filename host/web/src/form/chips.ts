import { h } from "../dom.ts";

export interface Chips {
  el: HTMLElement;
  values(): string[];
}

/** A set to choose from, as chips; each is a checkbox, so the keyboard knows it. Past `most`, the rest is disabled. */
export function chips(all: { id: string; label: string }[], chosen: string[], most: number, test: (id: string) => string): Chips {
  const boxes = all.map(({ id, label }) => {
    const box = h("input", { type: "checkbox", value: id, checked: chosen.includes(id), test: test(id) });
    return { box, el: h("label", { class: "chip" }, box, h("span", {}, label)) };
  });
  const el = h("div", { class: "chips" }, ...boxes.map((b) => b.el));
  const values = () => boxes.filter((b) => b.box.checked).map((b) => b.box.value);
  const bound = () => {
    const full = values().length >= most;
    for (const { box } of boxes) box.disabled = full && !box.checked;
  };
  el.addEventListener("change", bound);
  bound();
  return { el, values };
}
