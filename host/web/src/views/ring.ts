import type { App } from "../app.ts";
import { face } from "../avatar.ts";
import { h, say, svg } from "../dom.ts";
import type { Ring } from "../state.ts";
import { refused } from "../text.ts";
import { flashTitle } from "../title.ts";
import { span } from "../time.ts";
import { type View, ticking } from "../view.ts";
import { aboutPerson, withAge } from "./about.ts";
import { lengthSelect, openDialog } from "./dialog.ts";

const term = 20; // seconds, for the circle only; the server says until when

/** A ring, of either direction, over whatever is on the screen. */
export function ringView(app: App, first: Ring): View {
  const { evening } = app;
  const who = first.other.name;
  const out = first.dir === "out";
  const seconds = h("span", { class: "count", test: "ring-countdown", attr: { "aria-hidden": "true" } });
  const arc = svg("circle", { cx: 60, cy: 60, r: 56, class: "ring-arc", pathLength: 100 });
  const spoken = h("p", { class: "aside-spoken", attr: { "aria-live": "assertive" } });
  const status = h("p", { class: "hint", attr: { role: "status" } });
  const length = lengthSelect(app.options.lengths, first.seconds, "ring-length");
  length.setAttribute("aria-label", "How long you would like to talk");
  const buttons: HTMLButtonElement[] = [];

  const button = (text: string, cls: string, test: string, wish: () => Promise<void>) => {
    const b = h("button", { type: "button", class: cls, test, on: { click: () => void act(wish) } }, text);
    buttons.push(b);
    return b;
  };

  async function act(wish: () => Promise<void>): Promise<void> {
    for (const b of buttons) b.disabled = true;
    say(status, "");
    try {
      await wish();
    } catch (e) {
      say(status, refused(e, who, evening.client.now()));
    }
    update();
  }

  const wait = button("Keep waiting", "quiet", "ring-wait", () => evening.keepWaiting(first.call));
  const choices = out
    ? [wait, button("Cancel", "danger", "ring-cancel", () => evening.rescind(first.call))]
    : [
        button("Accept", "primary", "ring-accept", () => {
          app.preparation.begin();
          return evening.accept(first.call, Number(length.value));
        }),
        button("Decline", "danger", "ring-decline", () => evening.decline(first.call)),
      ];

  const dialog = openDialog(
    { label: out ? `Ringing ${who}` : `${who} invites you`, class: "ring", test: out ? "ring-out" : "ring-in", light: false },
    h(
      "div",
      { class: "ring-face" },
      face(first.other),
      svg("svg", { viewBox: "0 0 120 120", class: "ring-circle", "aria-hidden": "true" }, svg("circle", { cx: 60, cy: 60, r: 56, class: "ring-track" }), arc),
      seconds,
    ),
    h("h2", { tabIndex: -1 }, out ? `Ringing ${who}…` : `${withAge(first.other)} would like to talk`),
    aboutPerson(first.other, app.options, app.me.profile),
    h("p", {}, out ? `For ${span(first.seconds)}.` : `For ${span(first.seconds)}. You may wish for another length; it becomes the average.`),
    spoken,
    ...(out ? [] : [length]),
    status,
    h("div", { class: "buttons" }, ...choices),
    h("p", { class: "hint" }, out ? "Cancelling keeps you two apart for a while." : "Declining is fine; it keeps you two apart for a while."),
  );
  // Not on a button: a key that was meant for the page must not answer a person.
  dialog.querySelector("h2")!.focus();

  function update(): void {
    const r = evening.state.ring;
    if (!r) return;
    for (const b of buttons) b.disabled = r.settling;
    wait.disabled ||= r.waits === 0;
    say(wait, r.waits === 0 ? "No more waiting" : `Keep waiting (${r.waits})`);
    wait.title = r.waits === 0 ? "" : `You can do so ${r.waits === 1 ? "once" : `${r.waits} times`} more`;
    if (r.settling) say(status, "One moment…");
  }

  const stop = ticking(() => {
    const r = evening.state.ring;
    if (!r) return;
    const left = Math.max(0, (r.until - evening.client.now()) / 1000);
    const whole = Math.ceil(left);
    say(seconds, `${whole} s`);
    arc.setAttribute("stroke-dashoffset", String(100 - Math.min(100, (left / term) * 100)));
    if (whole === 10 || whole === 5) say(spoken, `${whole} seconds left`);
  });
  update();
  app.sound.ring();
  if (!out) flashTitle(`${who} invites you`);

  return {
    el: dialog,
    update,
    close() {
      stop();
      app.sound.quiet();
      flashTitle("");
      dialog.close("done");
    },
  };
}
