import type { Card, Entry } from "napalmsky";
import { face } from "../avatar.ts";
import { fill, h, say, setAttr } from "../dom.ts";
import type { Options } from "../http.ts";
import { factsOf, tagList } from "./about.ts";

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
    private readonly wishes: { invite(c: Card): void; open(c: Card, mayInvite: boolean): void },
  ) {
    this.#mask = h("span", { class: "mask" }, "busy just now");
    this.#person = h("div", { class: "card-person" });
    this.#invite = h("button", { type: "button", class: "primary small", test: "card-invite", on: { click: () => this.#shown && this.wishes.invite(this.#shown) } }, "Invite");
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
    const name = h("button", { type: "button", class: "card-open", test: "card-open", attr: { "aria-haspopup": "dialog" }, on: { click: () => this.#shown && this.wishes.open(this.#shown, !this.#invite.disabled) } }, c.name);
    return h(
      "div",
      { class: "card-about" },
      h("h2", {}, name, c.age !== undefined && h("span", { class: "age" }, ` ${c.age}`)),
      h("p", { class: "card-facts" }, factsOf(c, this.options)),
      !!c.bio && h("p", { class: "card-bio" }, c.bio),
      tagList(c, this.mine, 5),
    );
  }
}
