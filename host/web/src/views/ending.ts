import type { App } from "../app.ts";
import { face } from "../avatar.ts";
import { h } from "../dom.ts";
import type { Ending } from "../state.ts";
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
  const cooldown = h("p", { class: "after-cooldown", test: "after-cooldown", attr: { role: "status" } });
  const back = h("button", { type: "button", class: "primary", test: "after-back", on: { click: () => app.evening.putAway() } }, "Back to the lobby");
  const el = h(
    "section",
    { class: "after panel", test: "after-call", data: { reason: e.reason, person: e.other.id } },
    face(e.other),
    h("h1", { tabIndex: -1 }, callEnded(e.reason, who, e.mine)),
    e.talked > 0 && h("p", {}, `You talked for ${span(e.talked)}.`),
    cooldown,
    h("div", { class: "buttons" }, back, h("button", { type: "button", class: "quiet", on: { click: () => toHistory(app) } }, "My calls")),
  );
  const update = () => {
    const now = app.evening.state.ending;
    if (now?.cooldown) cooldown.textContent = pauseText(app, now);
  };
  update();
  return { el, update };
}

function pauseText(app: App, e: Ending): string {
  const who = e.other.name;
  const c = e.cooldown!;
  return `You and ${who} take a break until ${until(c.until, app.evening.client.now())}, ${cooldownWhy(c.reason, who)}. Everyone should meet new people.`;
}

function toHistory(app: App): void {
  app.go("history");
  app.evening.putAway();
}
