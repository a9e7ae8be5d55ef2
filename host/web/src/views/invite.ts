import type { Card } from "napalmsky";
import type { App } from "../app.ts";
import { face } from "../avatar.ts";
import { h, say, uid } from "../dom.ts";
import { refused } from "../text.ts";
import { aboutPerson } from "./about.ts";
import { lengthSelect, openDialog } from "./dialog.ts";

const usual = 300; // seconds

/** Asks how long, then invites. */
export function openInvite(app: App, c: Card): void {
  const { evening } = app;
  const length = lengthSelect(app.options.lengths, usual, "invite-length");
  length.id = uid("length");
  const trouble = h("p", { class: "form-error", test: "invite-error", attr: { role: "alert" } });
  const sendButton = h("button", { type: "submit", class: "primary", test: "invite-send" }, `Invite ${c.name}`);

  async function send(ev: SubmitEvent): Promise<void> {
    ev.preventDefault();
    sendButton.disabled = true;
    say(trouble, "");
    // The browser's question about camera and microphone comes while it rings.
    app.preparation.begin();
    try {
      await evening.invite(c.id, Number(length.value));
      dialog.close();
    } catch (e) {
      if (!evening.state.ring && !evening.state.talk) app.preparation.drop();
      say(trouble, refused(e, c.name, evening.client.now(), evening.state.unanswered[c.id]));
    } finally {
      sendButton.disabled = false;
    }
  }

  const form = h(
    "form",
    { on: { submit: (ev) => void send(ev) } },
    face(c),
    h("h2", {}, `Talk with ${c.name}?`),
    aboutPerson(c, app.options, app.me.profile),
    h("label", { class: "label", htmlFor: length.id }, "For how long"),
    length,
    h("p", { class: "hint" }, `${c.name} can wish for another length; you talk for the average. It rings for 20 seconds.`),
    trouble,
    h("div", { class: "buttons" }, sendButton, h("button", { type: "button", class: "quiet", on: { click: () => dialog.close() } }, "Not now")),
  );
  const dialog = openDialog({ label: `Invite ${c.name}`, class: "invite", test: "invite", light: true, closed: unwatch }, form);
  // A ring of either direction takes the screen.
  const stop = evening.onChange(() => {
    if (evening.state.ring || evening.state.talk) dialog.close();
  });
  function unwatch(): void {
    stop();
  }
  sendButton.focus();
}
