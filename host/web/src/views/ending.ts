import type { App } from "../app.ts";
import { face } from "../avatar.ts";
import { h, say } from "../dom.ts";
import type { Ending } from "../state.ts";
import { accountsList } from "./accounts.ts";
import { callEnded, cooldownWhy, ringEnded } from "../text.ts";
import { span, until } from "../time.ts";
import type { View } from "../view.ts";

/** An invite came to nothing: said in the lobby, until put away. */
export function endingBanner(app: App, e: Ending): HTMLElement {
  const who = e.other.name;
  return h(
    "div",
    { class: "banner", test: "ring-ended", data: { reason: e.reason }, attr: { role: "status" } },
    face(e.other),
    h("div", {}, h("strong", {}, ringEnded(e.reason, who, e.mine)), e.cooldown && h("p", { class: "hint" }, pauseText(app, e))),
    h("button", { type: "button", class: "quiet small", on: { click: () => app.evening.putAway() } }, "All right"),
  );
}

/** After a call: how it ended, and when the two can meet again. */
export function afterView(app: App): View {
  const e = app.evening.state.ending!;
  const who = e.other.name;
  const heading = h("h1", { tabIndex: -1 });
  const theirs = app.evening.state.accounts[e.call] ?? [];
  const cooldown = h("p", { class: "after-cooldown", test: "after-cooldown", attr: { role: "status" } });
  const back = h("button", { type: "button", class: "primary", test: "after-back", on: { click: () => app.evening.putAway() } }, "Back to the lobby");
  const el = h(
    "section",
    { class: "after panel", test: "after-call", data: { reason: e.reason, person: e.other.id } },
    face(e.other),
    heading,
    e.talked > 0 && h("p", {}, `You talked for ${span(e.talked)}.`),
    theirs.length > 0 && h("div", { class: "socials", test: "after-socials" }, h("strong", {}, `${who} shared`), accountsList(theirs), h("p", { class: "hint" }, "Kept under My calls until you close this window.")),
    cooldown,
    h("div", { class: "buttons" }, back, h("button", { type: "button", class: "quiet", on: { click: () => app.go("history") } }, "My calls")),
  );
  const update = () => {
    const now = app.evening.state.ending;
    if (now) say(heading, callEnded(now.reason, who, now.mine));
    cooldown.textContent = now?.cooldown ? pauseText(app, now) : "";
  };
  update();
  return { el, update };
}

function pauseText(app: App, e: Ending): string {
  const c = e.cooldown!;
  const pause = `ou two take a break until ${until(c.until, app.evening.client.now())}, ${cooldownWhy(c.reason)}.`;
  // Whoever left may have done so for good.
  return e.reason === "left" && !e.mine ? `Should ${e.other.name} come back: y${pause}` : `Y${pause}`;
}
