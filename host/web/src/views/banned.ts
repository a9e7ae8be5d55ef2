import { h } from "../dom.ts";
import { askLogin } from "./login.ts";

/** The first page of somebody whom an operator keeps out. said: the server's word, with the number operators know them by. */
export function bannedView(said: string): HTMLElement {
  return h(
    "main",
    { class: "panel page", test: "banned" },
    h("h1", {}, "This place is closed to you"),
    h("p", {}, said),
    h("p", {}, "The people who run it decided so. It has no end by itself: it holds until they take it back."),
    h("p", { class: "hint" }, "If you think it is a mistake, write to them and name your number. Once they let you in again, you find everything as it was."),
    h("div", { class: "buttons" }, h("button", { type: "button", class: "quiet", test: "login-open", on: { click: askLogin } }, "I am somebody else: log in")),
  );
}
