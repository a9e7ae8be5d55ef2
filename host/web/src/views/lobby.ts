import type { Card } from "napalmsky";
import type { App } from "../app.ts";
import { fill, h, say } from "../dom.ts";
import { refused } from "../text.ts";
import type { View } from "../view.ts";
import { CardView } from "./card.ts";
import { elsewhereBanner } from "./elsewhere.ts";
import { endingBanner } from "./ending.ts";
import { openInvite } from "./invite.ts";
import { openPerson } from "./person.ts";

/** The lobby: everyone one could meet right now, the best first. */
export function lobbyView(app: App): View {
  const { evening } = app;
  const cards = new Map<string, CardView>();
  const count = h("p", { class: "hint", attr: { role: "status" } });
  const pause = h("button", { type: "button", class: "quiet small", test: "lobby-pause", on: { click: () => void togglePause() } });
  const banner = h("div", { class: "banners" });
  const list = h("ul", { class: "reel", attr: { "aria-label": "People you could meet" } });
  const empty = h("div", { class: "empty panel", test: "reel-empty" });
  let bannerFor: unknown;
  let emptyFor = "";
  let frame = 0;

  async function togglePause(): Promise<void> {
    pause.disabled = true;
    try {
      await evening.pause(!evening.paused);
    } catch (e) {
      app.toast(refused(e, "", evening.client.now()), "bad");
    } finally {
      pause.disabled = false;
    }
  }

  const wishes = {
    invite: (c: Card) => openInvite(app, c),
    open: (c: Card, mayInvite: boolean) => openPerson(app, c, mayInvite ? () => openInvite(app, c) : undefined),
  };

  function draw(): void {
    frame = 0;
    const { state, reel, paused } = evening;
    const online = evening.client.status.state === "online";
    say(pause, paused ? "Show me again" : "Take a pause");
    pause.setAttribute("aria-pressed", String(paused));
    drawBanner();

    const entries = reel.list();
    const free = online && (state.activity === "free" || state.activity === "busy");
    const gone = new Set(cards.keys());
    const focused = document.activeElement;
    entries.forEach((e, i) => {
      gone.delete(e.card.id);
      let c = cards.get(e.card.id);
      if (!c) {
        c = new CardView(app.options, app.me.profile, wishes);
        cards.set(e.card.id, c);
      }
      c.set(e, free);
      if (list.children[i] !== c.el) list.insertBefore(c.el, list.children[i] ?? null);
    });
    for (const id of gone) {
      cards.get(id)!.el.remove();
      cards.delete(id);
    }
    // Moving a card takes the focus off its button; give it back.
    if (focused instanceof HTMLElement && focused !== document.activeElement && list.contains(focused)) focused.focus({ preventScroll: true });

    const hidden = paused ? "You are hidden: nobody sees you. " : "";
    say(count, hidden + (!reel.known ? "Looking who is here…" : entries.length === 0 ? "" : entries.length === 1 ? "One person you could meet" : `${entries.length} people you could meet`));
    list.hidden = entries.length === 0;
    list.classList.toggle("stale", !online);
    drawEmpty(reel.known && entries.length === 0, paused);
  }

  function drawBanner(): void {
    const { ending, elsewhere } = evening.state;
    const what = elsewhere ?? (ending?.kind === "ring" ? ending : undefined);
    if (what === bannerFor) return;
    bannerFor = what;
    fill(banner, elsewhere ? elsewhereBanner(app, elsewhere) : ending?.kind === "ring" && endingBanner(app, ending));
  }

  function drawEmpty(show: boolean, paused: boolean): void {
    empty.hidden = !show;
    const key = show ? String(paused) : "";
    if (!show || key === emptyFor) return;
    emptyFor = key;
    fill(
      empty,
      h("div", { class: "moon", attr: { "aria-hidden": "true" } }),
      h("h2", {}, paused ? "You are hidden" : "Nobody to meet yet"),
      paused && h("p", {}, "You are taking a pause: nobody sees you or can invite you, until you press “Show me again”."),
      h("p", {}, paused && "There is nobody you could meet right now either. ", "People appear here the moment they come in — you need not reload. Who is shown to whom follows from your profiles; those you are taking a break from are not."),
      h("div", { class: "buttons" }, h("button", { type: "button", class: "quiet", on: { click: () => app.go("profile") } }, "Change my profile"), h("button", { type: "button", class: "quiet", on: { click: () => app.go("history") } }, "See my breaks")),
    );
  }

  const el = h(
    "section",
    { class: "lobby" },
    h("div", { class: "lobby-head" }, h("div", {}, h("h1", { tabIndex: -1 }, "Here right now"), count), pause),
    banner,
    h("div", { test: "reel" }, list, empty),
  );
  draw();
  return {
    el,
    update: () => {
      // Deltas come in bursts; the screen needs one drawing per frame.
      frame ||= requestAnimationFrame(draw);
    },
    close: () => cancelAnimationFrame(frame),
  };
}
