/** Small helpers over the DOM: elements are made, never parsed from strings. */

type Child = Node | string | number | false | null | undefined;

interface Extra {
  class?: string;
  data?: Record<string, string>;
  /** data-test: what the end-to-end driver looks for. */
  test?: string;
  /** Any attribute by its own name; false and undefined leave it out. */
  attr?: Record<string, string | number | boolean | undefined>;
  on?: { [K in keyof HTMLElementEventMap]?: (ev: HTMLElementEventMap[K]) => void };
}

/** Makes an element: h("button", {class: "primary", type: "button"}, "Go"). */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Partial<Omit<HTMLElementTagNameMap[K], keyof Extra>> & Extra = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  const { class: cls, data, test, attr, on, ...rest } = props;
  if (cls) el.className = cls;
  if (test) el.dataset["test"] = test;
  Object.assign(el.dataset, data);
  setAttr(el, attr ?? {});
  Object.assign(el, rest);
  for (const [name, fn] of Object.entries(on ?? {})) el.addEventListener(name, fn as EventListener);
  add(el, children);
  return el;
}

/** Makes an SVG element from attributes. */
export function svg(tag: string, attr: Record<string, string | number>, ...children: SVGElement[]): SVGElement {
  const el = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttr(el, attr);
  el.append(...children);
  return el;
}

export function setAttr(el: Element, attr: Record<string, string | number | boolean | undefined>): void {
  for (const [name, v] of Object.entries(attr)) {
    if (v === false || v === undefined) el.removeAttribute(name);
    else el.setAttribute(name, v === true ? "" : String(v));
  }
}

/** Replaces all children. */
export function fill(el: Element, ...children: Child[]): void {
  el.replaceChildren();
  add(el, children);
}

/** Sets text only when it differs, so that live regions do not repeat themselves. */
export function say(el: Element, text: string): void {
  if (el.textContent !== text) el.textContent = text;
}

let serial = 0;
/** An id for label/for and aria references, unique in this page. */
export function uid(prefix: string): string {
  return `${prefix}-${++serial}`;
}

function add(el: Element, children: Child[]): void {
  for (const c of children) {
    if (c === false || c === null || c === undefined) continue;
    el.append(typeof c === "number" ? String(c) : c);
  }
}
