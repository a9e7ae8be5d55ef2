import { h } from "../dom.ts";

/** A modal dialog in the page; it takes the focus and gives it back. One that is not light only closes by close("done"). */
export function openDialog(o: { label: string; class?: string; test?: string; /** Escape closes it. */ light: boolean; closed?: () => void }, ...content: Node[]): HTMLDialogElement {
  const el = h("dialog", { class: "dialog " + (o.class ?? ""), test: o.test, attr: { "aria-label": o.label } }, ...content);
  el.addEventListener("cancel", (ev) => {
    if (!o.light) ev.preventDefault();
  });
  // Browsers close on a second Escape even if the first was refused.
  el.addEventListener("keydown", (ev) => {
    if (ev.key === "Escape" && !o.light) ev.preventDefault();
  });
  el.addEventListener("click", (ev) => {
    if (o.light && ev.target === el) el.close();
  });
  el.addEventListener("close", () => {
    // A phone's back gesture closes whatever is modal; a person is still waiting.
    if (!o.light && el.returnValue !== "done") return el.showModal();
    el.remove();
    o.closed?.();
  });
  document.body.append(el);
  el.showModal();
  return el;
}

/** Choices of how long, one of them chosen. */
export function lengthSelect(lengths: number[], chosen: number, test: string): HTMLSelectElement {
  const all = lengths.includes(chosen) ? lengths : [...lengths, chosen].sort((a, b) => a - b);
  return h(
    "select",
    { test },
    ...all.map((s) => h("option", { value: String(s), selected: s === chosen }, s % 60 === 0 ? `${s / 60} minute${s === 60 ? "" : "s"}` : `${s} seconds`)),
  );
}
