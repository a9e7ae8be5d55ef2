import type { App, Route } from "./app.ts";
import { Shell } from "./shell.ts";
import { TalkSession } from "./talksession.ts";
import type { View } from "./view.ts";
import { callView } from "./views/call.ts";
import { afterView } from "./views/ending.ts";
import { historyView } from "./views/history.ts";
import { lobbyView } from "./views/lobby.ts";
import { profileView } from "./views/profile.ts";
import { ringView } from "./views/ring.ts";

/** Puts on the screen what the evening is at: a call before an ending before a page; a ring over it. */
export class Screen {
  readonly shell: Shell;
  route: Route = "lobby";
  #view: View | undefined;
  #shown = "";
  #ring: View | undefined;
  #ringing = "";
  #session: TalkSession | undefined;

  constructor(private readonly app: App) {
    this.shell = new Shell(app);
    const { evening } = app;
    evening.onChange(() => this.draw());
    evening.onSignal((call, kind, data) => {
      if (this.#session?.call === call) this.#session.signal(kind, data);
    });
    evening.client.onStatus((s) => {
      this.shell.status(s);
      this.#view?.update?.();
    });
    this.shell.status(evening.client.status);
  }

  /** Shows a page, also when it is the one that is there (to begin it anew); a call stays in front of it. */
  go(route: Route): void {
    this.route = route;
    const { state } = this.app.evening;
    if (state.talk) return;
    this.#shown = "";
    // Whoever turns to a page has read how the call ended.
    if (state.ending?.kind === "call") this.app.evening.putAway();
    else this.draw();
  }

  draw(): void {
    const { state } = this.app.evening;
    this.#carry();
    // First, as a ring that closes gives the focus back, and a call that begins takes it.
    this.#drawRing();
    const what = state.talk ? "call " + state.talk.call : state.ending?.kind === "call" ? "after " + state.ending.call : this.route;
    if (what === this.#shown) {
      this.#view?.update?.();
    } else {
      this.#shown = what;
      this.#replace();
    }
  }

  close(): void {
    this.#ring?.close?.();
    this.#view?.close?.();
    this.#session?.close();
  }

  /** The call's media live and die with the talk, whatever view is on. */
  #carry(): void {
    const { state, client } = this.app.evening;
    if (this.#session && this.#session.call !== state.talk?.call) {
      this.#session.close();
      this.#session = undefined;
    }
    if (state.talk && !this.#session) {
      this.#session = new TalkSession(state.talk, client, this.app.relays, this.app.preparation.take(), () => this.#view?.update?.());
    } else if (state.talk) {
      this.#session!.renew(state.talk);
    } else if (this.#ringing && !state.talk && !state.ring) {
      this.app.preparation.drop();
    }
  }

  #replace(): void {
    this.#view?.close?.();
    const { state } = this.app.evening;
    const calling = state.talk !== undefined;
    document.documentElement.classList.toggle("in-call", calling);
    this.shell.at(calling || state.ending?.kind === "call" ? undefined : this.route);
    this.#view = this.#make();
    this.shell.main.replaceChildren(this.#view.el);
    window.scrollTo(0, 0);
    // A screen reader, and the Tab key, begin at the new view's heading.
    if (!document.querySelector("dialog[open]")) this.#view.el.querySelector("h1")?.focus({ preventScroll: true });
  }

  #make(): View {
    const { state } = this.app.evening;
    if (state.talk && this.#session) return callView(this.app, state.talk, this.#session);
    if (state.ending?.kind === "call") return afterView(this.app);
    if (this.route === "history") return historyView(this.app);
    if (this.route === "profile") return profileView(this.app);
    return lobbyView(this.app);
  }

  #drawRing(): void {
    const r = this.app.evening.state.ring;
    const what = r ? r.dir + r.call : "";
    if (what === this.#ringing) {
      this.#ring?.update?.();
      return;
    }
    this.#ringing = what;
    this.#ring?.close?.();
    this.#ring = r && ringView(this.app, r);
  }
}
