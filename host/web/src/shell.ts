import type { Status } from "napalmsky";
import type { App, Route } from "./app.ts";
import { h, say, setAttr } from "./dom.ts";
import { icon } from "./icons.ts";
import { askLogout } from "./views/logout.ts";

const places: { route: Route; label: string; test: string }[] = [
  { route: "lobby", label: "Lobby", test: "nav-lobby" },
  { route: "history", label: "History", test: "nav-history" },
  { route: "profile", label: "Profile", test: "nav-profile" },
];

/** What is around every view: name, navigation, the connection's state. */
export class Shell {
  readonly el: HTMLElement;
  readonly main: HTMLElement;
  readonly #links = new Map<Route, HTMLAnchorElement>();
  readonly #pill: HTMLElement;
  readonly #again: HTMLButtonElement;
  readonly #sound: HTMLButtonElement;

  constructor(private readonly app: App) {
    for (const p of places) this.#links.set(p.route, h("a", { href: "#/" + p.route, test: p.test, on: { click: (ev) => this.#go(ev, p.route) } }, icon(p.route), h("span", {}, p.label)));
    this.#pill = h("span", { class: "pill", test: "conn-status", attr: { role: "status" } });
    this.#again = h("button", { type: "button", class: "quiet small", test: "conn-retry", hidden: true, on: { click: () => app.evening.client.retry() } }, "Connect here");
    this.#sound = h("button", { type: "button", class: "icon-button", test: "sound", on: { click: () => this.#toggleSound() } });
    this.main = h("main", {});
    this.el = h(
      "div",
      { class: "shell" },
      h("header", { class: "top" }, h("a", { class: "brand", href: "#/lobby", on: { click: (ev) => this.#go(ev, "lobby") } }, "Napalm Sky"), h("span", { class: "grow" }), this.#again, this.#pill, this.#sound),
      h(
        "nav",
        { class: "nav", attr: { "aria-label": "Main" } },
        ...this.#links.values(),
        h("button", { type: "button", test: "nav-logout", on: { click: () => askLogout(app) } }, icon("out"), h("span", {}, "Log out")),
      ),
      this.main,
    );
    this.#drawSound();
  }

  /** The address may be this page's already, which the browser would not tell. */
  #go(ev: MouseEvent, route: Route): void {
    if (ev.ctrlKey || ev.metaKey || ev.shiftKey) return;
    ev.preventDefault();
    this.app.go(route);
  }

  at(route: Route | undefined): void {
    for (const [r, a] of this.#links) setAttr(a, { "aria-current": r === route ? "page" : undefined });
  }

  status(s: Status): void {
    const lost = !navigator.onLine && s.state !== "online";
    this.#pill.dataset["state"] = s.state;
    say(this.#pill, lost ? "No network" : words(s));
    this.#again.hidden = s.state !== "stopped";
  }

  #toggleSound(): void {
    this.app.sound.toggle();
    this.#drawSound();
  }

  #drawSound(): void {
    const on = this.app.sound.on;
    this.#sound.replaceChildren(icon(on ? "sound" : "quiet"));
    setAttr(this.#sound, { "aria-pressed": String(on), "aria-label": "Chime when it rings", title: on ? "Chime is on" : "Chime is off" });
  }
}

function words(s: Status): string {
  switch (s.state) {
    case "online":
      return "Connected";
    case "connecting":
      return s.attempt > 0 ? "Reconnecting…" : "Connecting…";
    case "waiting":
      return "Reconnecting…";
    default:
      return s.code === 4200 || s.code === 4201 ? "Open in another window" : "Not connected";
  }
}
