import type { Card } from "napalmsky";
import { h } from "../dom.ts";
import type { Options } from "../http.ts";

type Mine = { tags: string[]; langs: string[] };

export function withAge(c: Card): string {
  return c.age === undefined ? c.name : `${c.name}, ${c.age}`;
}

/** Gender and languages in a line. */
export function factsOf(c: Card, o: Options): string {
  const gender = o.genders.find((g) => g.id === c.gender)?.label;
  const langs = c.langs?.map((id) => o.langs.find((l) => l.id === id)?.label ?? id);
  return [gender, langs?.join(", ")].filter(Boolean).join(" · ");
}

/** Tags, what the two have in common first, as a way to begin talking; none: nothing. */
export function tagList(c: Card, mine: Mine, most = Infinity): HTMLElement | false {
  const tags = [...(c.tags ?? [])].sort((a, b) => Number(mine.tags.includes(b)) - Number(mine.tags.includes(a)));
  return tags.length > 0 && h("ul", { class: "tags" }, ...tags.slice(0, most).map((t) => h("li", { class: mine.tags.includes(t) ? "common" : "" }, t)));
}

/** Everything a card says beside name and face, uncut. */
export function aboutPerson(c: Card, o: Options, mine: Mine): HTMLElement {
  const facts = factsOf(c, o);
  return h("div", { class: "about" }, !!facts && h("p", { class: "card-facts" }, facts), !!c.bio && h("p", { class: "card-bio whole" }, c.bio), tagList(c, mine));
}
