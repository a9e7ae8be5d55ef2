import { Close, connect, followBrowser } from "napalmsky";
import type { App, Route } from "./app.ts";
import { fill, h } from "./dom.ts";
import { Evening } from "./evening.ts";
import { api, ApiError, type Me, type Options, socketURL } from "./http.ts";
import { Screen } from "./screen.ts";
import { Sound } from "./sound.ts";
import { Preparation } from "./talksession.ts";
import { Toasts } from "./toast.ts";
import { signupView } from "./views/signup.ts";

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
    return broken(e);
  }
  if (me) evening(options, me);
  else signUp(options);
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
  const client = connect({ url: socketURL(), onTrouble: (what) => console.warn("napalmsky:", what) });
  followBrowser(client);
  const app: App = {
    options,
    me,
    evening: new Evening(client, sessionStorage),
    sound: new Sound(),
    preparation: new Preparation(),
    toast: (text, tone) => toasts.show(text, tone),
    go(route) {
      if (here() === route) screen.go(route);
      else location.hash = "#/" + route;
    },
    async logout() {
      try {
        await api.logout();
      } catch (e) {
        if (!(e instanceof ApiError && e.status === 401)) return toasts.show((e as Error).message, "bad");
      }
      leave();
    },
  };
  const screen = new Screen(app);
  const moved = () => screen.go(here());
  window.addEventListener("hashchange", moved);
  client.onStatus((s) => {
    if (s.state !== "stopped") return;
    // The login is over: nothing on this page is true any more.
    if (s.code === Close.noLogin || s.code === Close.gone) leave();
    else if (s.code === Close.flood || s.code === Close.badFrames) toasts.show("The server asked this page to stop. Connect again in a moment.", "bad");
  });
  fill(root, screen.shell.el);
  screen.go(here());

  function leave(): void {
    window.removeEventListener("hashchange", moved);
    screen.close();
    app.evening.forget();
    // A whole new page: no trace of one person's evening for the next.
    location.replace("/");
  }
}

function here(): Route {
  const r = location.hash.replace("#/", "");
  return r === "history" || r === "profile" ? r : "lobby";
}
