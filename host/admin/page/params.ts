import { h, say, uid } from "../../web/src/dom.ts";
import type { Api, Generation, Param, Version } from "./api.ts";
import { ask } from "./dialog.ts";
import { count } from "./text.ts";

/** One knob in the form. value throws a sentence when what is typed cannot be. */
interface Field {
  el: HTMLElement;
  name: string;
  was: bigint;
  value(): bigint;
}

/** Asks for a serving plugin's knobs; sends only those that were turned. */
export function editParams(api: Api, g: Generation, v: Version, done: (text: string) => void): void {
  const fields = v.params.map((p) => field(p, BigInt(g.params[p.name] ?? p.default)));
  ask({
    title: `Parameters of ${g.name}`,
    test: "params",
    body: [h("p", { class: "hint" }, `They change at once, as a new revision of ${g.hook}.`), h("div", { class: "fields" }, ...fields.map((f) => f.el))],
    yes: "Apply",
    act: async () => {
      const turned = new Map<string, bigint>();
      for (const f of fields) {
        const value = f.value();
        if (value !== f.was) turned.set(f.name, value);
      }
      if (turned.size === 0) throw new Error("Nothing was changed.");
      const now = await api.set(v.name, turned);
      done(`${g.hook} is at revision ${now.revision}.`);
    },
  });
}

function field(p: Param, was: bigint): Field {
  const id = uid("param");
  const [least, most, standard] = [BigInt(p.min), BigInt(p.max), BigInt(p.default)];
  if (least === 0n && most === 1n) return toggle(p, was, id);
  const input = h("input", {
    id,
    type: "number",
    value: String(was),
    test: `param-${p.name}`,
    attr: { min: String(least), max: String(most), step: 1, "aria-describedby": `${id}-hint ${id}-error` },
  });
  const error = h("p", { class: "error", id: `${id}-error` });
  const value = () => {
    const text = input.value.trim();
    const fits = /^-?\d+$/.test(text) && BigInt(text) >= least && BigInt(text) <= most;
    const sentence = `${p.name} must be a whole number from ${count(least)} to ${count(most)}.`;
    say(error, fits ? "" : sentence);
    input.setAttribute("aria-invalid", String(!fits));
    if (!fits) throw new Error(sentence);
    return BigInt(text);
  };
  const check = () => {
    try {
      reset.disabled = value() === standard;
    } catch {
      reset.disabled = false; // the sentence is shown beside the input
    }
  };
  const reset = h("button", { class: "quiet small", type: "button", disabled: was === standard, attr: { "aria-label": `${p.name}: back to ${count(standard)}` } }, "Default");
  reset.addEventListener("click", () => {
    input.value = String(standard);
    check();
    input.focus();
  });
  input.addEventListener("input", check);
  const el = h(
    "div",
    { class: "field" },
    h("label", { class: "label", attr: { for: id } }, p.name),
    h("span", { class: "typed" }, input, h("span", { class: "unit" }, p.unit ?? ""), reset),
    h("p", { class: "hint", id: `${id}-hint` }, `${p.help ? p.help + " · " : ""}${count(least)} to ${count(most)}, default ${count(standard)}`),
    error,
  );
  return { el, name: p.name, was, value };
}

/** A knob from 0 to 1 is a switch. */
function toggle(p: Param, was: bigint, id: string): Field {
  const input = h("input", { id, type: "checkbox", checked: was === 1n, test: `param-${p.name}`, attr: { "aria-describedby": `${id}-hint` } });
  const el = h(
    "div",
    { class: "field" },
    h("span", { class: "typed" }, input, h("label", { class: "label", attr: { for: id } }, p.name)),
    h("p", { class: "hint", id: `${id}-hint` }, `${p.help ? p.help + " · " : ""}default ${BigInt(p.default) === 1n ? "on" : "off"}`),
  );
  return { el, name: p.name, was, value: () => (input.checked ? 1n : 0n) };
}
