import { fill, h, say } from "../../web/src/dom.ts";
import { Api, exchange } from "./api.ts";
import { Console } from "./console.ts";

const kept = "sky-admin"; // in this tab only

const root = document.getElementById("app")!;

/** Asks for the token of a server that listens on TCP, or for a new address. */
function login(why: string): void {
  sessionStorage.removeItem(kept);
  const token = h("input", { id: "token", type: "password", autocomplete: "off", required: true, test: "token" });
  const error = h("p", { class: "error", test: "login-error", attr: { role: "alert" } }, why);
  const form = h(
    "form",
    { class: "panel login", test: "login" },
    h("h1", {}, "Napalm Sky ", h("span", {}, "operators")),
    h("label", { class: "label", attr: { for: "token" } }, "Token"),
    token,
    h("p", { class: "hint" }, "admin.token of the server's configuration. If you came from napalmsky plugin console, open the address it printed last."),
    error,
    h("div", { class: "buttons" }, h("button", { class: "primary", type: "submit", test: "login-submit" }, "Open")),
  );
  form.addEventListener("submit", async (ev) => {
    ev.preventDefault();
    say(error, "");
    try {
      const api = new Api(token.value.trim());
      await api.status();
      open(api);
    } catch (e) {
      say(error, e instanceof Error ? e.message : String(e));
    }
  });
  fill(root, form);
  token.focus();
}

function open(api: Api): void {
  sessionStorage.setItem(kept, api.token);
  fill(root, new Console(api, login).el);
}

async function start(): Promise<void> {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  const token = sessionStorage.getItem(kept);
  if (!code) return token ? open(new Api(token)) : login("");
  history.replaceState(null, "", location.pathname); // the code is spent; nobody should copy it
  try {
    open(new Api(await exchange(code)));
  } catch (e) {
    login(e instanceof Error ? e.message : String(e));
  }
}

void start();
