import { Close, connect, followBrowser, grantFrom, Relays } from "napalmsky";
import type { App, Route } from "./app.ts";
import { fill, h } from "./dom.ts";
import { Evening } from "./evening.ts";
import { api, ApiError, type Me, type Options, socketURL } from "./http.ts";
import { Screen } from "./screen.ts";
import { Sound } from "./sound.ts";
import { Preparation } from "./talksession.ts";
import { Toasts } from "./toast.ts";
import { bannedView } from "./views/banned.ts";
import { signupView } from "./views/signup.ts";
import { deletedWords } from "./text.ts";

/** What the next page says of the last one's end. */
const partingKey = "sky.parting";

/** Ends of a socket that are ends of the login, and what to say of them. */
const partings = new Map<number | undefined, string>([
  [Close.noLogin, ""],
  [Close.gone, ""],
  [Close.elsewhere, "You logged in on another device, and one at a time is allowed here."],
  [Close.revoked, "You were logged out from another device."],
  [Close.banned, ""], // the next page is about nothing else
]);

const root = document.getElementById("app")!;
const toasts = new Toasts();
document.body.append(toasts.el);

void begin();

async function begin(): Promise<void> {
  let options: Options;
  let me: Me | undefined;
  try {
    options = await api.options();
    me = await api.me().catch((e) => {
      if (e instanceof ApiError && e.status === 401) return undefined;
      throw e;
    });
  } catch (e) {
    if (e instanceof ApiError && e.code === "banned") return fill(root, bannedView(e.message));
    return broken(e);
  }
  sayParting();
  if (me) evening(options, me);
  else signUp(options);
}

function sayParting(): void {
  try {
    const parting = sessionStorage.getItem(partingKey);
    sessionStorage.removeItem(partingKey);
    if (parting) toasts.show(parting);
  } catch {
    // Storage is forbidden: then there is no parting word.
  }
}

function broken(e: unknown): void {
  const again = h("button", { type: "button", class: "primary", on: { click: () => location.reload() } }, "Try again");
  fill(root, h("main", { class: "panel page" }, h("h1", {}, "The sky is covered"), h("p", {}, (e as Error).message || "The server did not answer."), again));
}

function signUp(options: Options): void {
  const view = signupView(options, (me, trouble) => {
    view.close?.();
    evening(options, me);
    if (trouble) toasts.show(trouble, "bad");
  });
  fill(root, view.el);
}

function evening(options: Options, me: Me): void {
  const encoding = new URLSearchParams(location.search).get("wire") === "json" ? "json" : "binary";
  const client = connect({ url: socketURL(), encoding, onTrouble: (what) => console.warn("napalmsky:", what) });
  followBrowser(client);
  const relays = new Relays({ fetch: grantFrom("/v1/me/ice"), now: () => client.now(), onTrouble: (what) => console.warn("relays:", what) });
  const app: App = {
    options,
    me,
    evening: new Evening(client, sessionStorage),
    sound: new Sound(),
    preparation: new Preparation(),
    relays,
    toast: (text, tone) => toasts.show(text, tone),
    go(route) {
      if (here() === route) screen.go(route);
      else location.hash = "#/" + route;
    },
    async logout(everywhere = false) {
      try {
        await api.logout(everywhere);
      } catch (e) {
        if (!(e instanceof ApiError && e.status === 401)) return toasts.show((e as Error).message, "bad");
      }
      leave("");
    },
    leave,
  };
  const screen = new Screen(app);
  let left = false;
  const moved = () => screen.go(here());
  window.addEventListener("hashchange", moved);
  client.onStatus((s) => {
    document.documentElement.dataset.wire = client.encoding ?? "";
    if (s.state !== "stopped") return;
    // The login is over: nothing on this page is true any more.
    const parting = s.code === Close.deleted ? deletedWords(!app.me.guest) : partings.get(s.code);
    if (parting !== undefined) leave(parting);
    else if (s.code === Close.flood || s.code === Close.badFrames) toasts.show("The server asked this page to stop. Connect again in a moment.", "bad");
  });
  fill(root, screen.shell.el);
  screen.go(here());

  function leave(parting: string): void {
    if (left) return; // the socket's end comes beside the answer
    left = true;
    window.removeEventListener("hashchange", moved);
    screen.close();
    app.evening.forget();
    try {
      if (parting) sessionStorage.setItem(partingKey, parting);
    } catch {
      // Then the next page says nothing.
    }
    // A whole new page: no trace of one person's evening for the next.
    location.replace("/");
  }
}

function here(): Route {
  const r = location.hash.replace("#/", "");
  return r === "history" || r === "profile" ? r : "lobby";
}
