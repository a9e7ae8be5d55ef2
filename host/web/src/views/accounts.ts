import type { Social } from "napalmsky";
import { accountKind, accountLink } from "../accounts.ts";
import { h } from "../dom.ts";

/** Accounts that somebody shared, to read and to copy; a website can be opened. */
export function accountsList(all: Social[]): HTMLElement {
  return h("ul", { class: "accounts" }, ...all.map((s) => h("li", {}, h("span", { class: "kind" }, accountKind(s.kind)), " ", handle(s))));
}

function handle(s: Social): HTMLElement {
  const href = accountLink(s);
  return href ? h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow" }, s.handle) : h("span", {}, s.handle);
}
