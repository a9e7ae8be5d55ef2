import type { Social } from "napalmsky";
import { accountKind, accountKinds } from "../accounts.ts";
import { h } from "../dom.ts";

/** Rows of accounts elsewhere. They are shown to nobody until shared in a call. */
export function socialRows(have: Social[], most: number): { el: HTMLElement; values(): Social[] } {
  const rows = h("div", { class: "social-rows" });
  const more = h("button", { type: "button", class: "quiet small", on: { click: () => add({ kind: "instagram", handle: "" }).focus() } }, "Add an account");
  const bound = () => (more.hidden = rows.children.length >= most);

  function add(s: Social): HTMLInputElement {
    const offered = accountKinds.includes(s.kind) ? accountKinds : [s.kind, ...accountKinds];
    const kind = h("select", { attr: { "aria-label": "Where" } }, ...offered.map((k) => h("option", { value: k, selected: k === s.kind }, accountKind(k))));
    const handle = h("input", { type: "text", value: s.handle, maxLength: 80, placeholder: "@you", autocomplete: "off", attr: { "aria-label": "Your name there" } });
    const row = h("div", { class: "social-row" }, kind, handle);
    const remove = () => {
      row.remove();
      bound();
      more.focus();
    };
    row.append(h("button", { type: "button", class: "quiet small", attr: { "aria-label": "Remove this account" }, on: { click: remove } }, "✕"));
    rows.append(row);
    bound();
    return handle;
  }

  for (const s of have) add(s);
  bound();
  return {
    el: h("div", {}, rows, more),
    values: () =>
      [...rows.children]
        .map((row) => ({ kind: row.querySelector("select")!.value, handle: row.querySelector("input")!.value.trim() }))
        .filter((s) => s.handle),
  };
}
