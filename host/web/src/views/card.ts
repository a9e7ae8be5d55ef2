import type { Card, Entry } from "napalmsky";
import { face } from "../avatar.ts";
import { fill, h, say, setAttr } from "../dom.ts";
import type { Options } from "../http.ts";

/** One person in the reel. set() is cheap when nothing changed. */
export class CardView {
  readonly el: HTMLElement;
  readonly #person: HTMLElement;
  readonly #invite: HTMLButtonElement;
  readonly #mask: HTMLElement;
  #shown: Card | undefined;

  constructor(
    private readonly options: Options,
    private readonly mine: { tags: string[]; langs: string[] },
    invite: (c: Card) => void,
  ) {
    this.#mask = h("span", { class: "mask" }, "busy just now");
    this.#person = h("div", { class: "card-person" });
    this.#invite = h("button", { type: "button", class: "primary small", test: "card-invite", on: { click: () => this.#shown && invite(this.#shown) } }, "Invite");
    this.el = h("li", { class: "card", test: "card" }, this.#person, this.#mask, this.#invite);
  }

  set(e: Entry, freeToInvite: boolean): void {
    const c = e.card;
    if (this.#shown !== c) {
      this.#shown = c;
      this.el.dataset["person"] = c.id;
      fill(this.#person, face(c), this.#about(c));
      setAttr(this.#invite, { "aria-label": `Invite ${c.name}` });
    }
    const busy = e.busy === true;
    this.el.classList.toggle("is-busy", busy);
    this.#mask.hidden = !busy;
    this.#invite.disabled = busy || !freeToInvite;
    say(this.#invite, busy ? "Busy" : "Invite");
  }

  #about(c: Card): HTMLElement {
    const gender = this.options.genders.find((g) => g.id === c.gender)?.label;
    const langs = c.langs?.map((id) => this.options.langs.find((l) => l.id === id)?.label ?? id);
    // What the two have in common comes first, as a way to begin talking.
    const tags = [...(c.tags ?? [])].sort((a, b) => Number(this.mine.tags.includes(b)) - Number(this.mine.tags.includes(a)));
    return h(
      "div",
      { class: "card-about" },
      h("h2", {}, c.name, c.age !== undefined && h("span", { class: "age" }, ` ${c.age}`)),
      h("p", { class: "card-facts" }, [gender, langs?.join(", ")].filter(Boolean).join(" · ")),
      !!c.bio && h("p", { class: "card-bio" }, c.bio),
      tags.length > 0 && h("ul", { class: "tags" }, ...tags.slice(0, 5).map((t) => h("li", { class: this.mine.tags.includes(t) ? "common" : "" }, t))),
    );
  }
}
