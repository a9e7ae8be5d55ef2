import type { Card } from "napalmsky";
import type { App } from "../app.ts";
import { face } from "../avatar.ts";
import { h } from "../dom.ts";
import { aboutPerson, withAge } from "./about.ts";
import { openDialog } from "./dialog.ts";

/** A card opened: the whole of it, to read at leisure. invite is undefined while that cannot be. */
export function openPerson(app: App, c: Card, invite: (() => void) | undefined): void {
  const { evening } = app;
  const ask = () => {
    dialog.close();
    invite?.();
  };
  const heading = h("h2", { tabIndex: -1 }, withAge(c));
  const dialog = openDialog(
    { label: `About ${c.name}`, class: "person", test: "person", light: true, closed: () => stop() },
    face(c),
    heading,
    aboutPerson(c, app.options, app.me.profile),
    h(
      "div",
      { class: "buttons" },
      h("button", { type: "button", class: "primary", disabled: !invite, on: { click: ask } }, invite ? `Invite ${c.name}` : "Busy just now"),
      h("button", { type: "button", class: "quiet", on: { click: () => dialog.close() } }, "Close"),
    ),
  );
  heading.focus();
  // A ring of either direction takes the screen.
  const stop = evening.onChange(() => {
    if (evening.state.ring || evening.state.talk) dialog.close();
  });
}
