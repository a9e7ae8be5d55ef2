import { h, setAttr, uid } from "../dom.ts";

/** One labelled field of a form, with a place for what is wrong with it. */
export class Field {
  readonly el: HTMLElement;
  readonly #error: HTMLElement;

  constructor(
    /** Its name in the API, so that the server's errors find it. */
    readonly name: string,
    label: string,
    readonly control: HTMLElement,
    /** group: several controls; bare: what is around it shows the label already. */
    o: { hint?: string; group?: boolean; bare?: boolean; class?: string } = {},
  ) {
    const id = (control.id ||= uid(name));
    const hint = o.hint ? h("p", { class: "hint", id: id + "-hint" }, o.hint) : undefined;
    this.#error = h("p", { class: "field-error", id: id + "-error", hidden: true });
    if (o.group) {
      setAttr(control, { role: "group", "aria-label": label, tabindex: -1 });
      this.el = h("div", { class: "field" }, !o.bare && h("span", { class: "label", attr: { "aria-hidden": "true" } }, label), hint, control, this.#error);
    } else {
      this.el = h("div", { class: "field" }, h("label", { htmlFor: id, class: "label" }, label), hint, control, this.#error);
    }
    if (o.class) this.el.classList.add(o.class);
    setAttr(control, { "aria-describedby": [hint?.id, this.#error.id].filter(Boolean).join(" ") });
  }

  /** Says what is wrong; "" takes it back. */
  complain(text: string): void {
    this.#error.textContent = text;
    this.#error.hidden = !text;
    setAttr(this.control, { "aria-invalid": text ? "true" : undefined });
  }

  get complaining(): boolean {
    return !this.#error.hidden;
  }

  focus(): void {
    const closed = this.el.closest("details");
    if (closed) closed.open = true;
    const target = this.control.matches("input,select,textarea") ? this.control : (this.control.querySelector<HTMLElement>("input,select,button") ?? this.control);
    target.focus();
    this.el.scrollIntoView({ block: "center" });
  }
}

/** "profile.socials[0].handle" is about the field "socials". */
export function fieldName(path: string): string {
  return path.replace(/^profile\./, "").replace(/[[.].*$/, "");
}
