import type { App } from "../app.ts";
import { h } from "../dom.ts";
import { openDialog } from "./dialog.ts";

/** Asks before a log-out: a guest has no way back. */
export function askLogout(app: App): void {
  const out = h("button", { type: "button", class: "danger", test: "logout-confirm", on: { click: () => void leave() } }, "Log out");
  const stay = h("button", { type: "button", class: "primary", on: { click: () => dialog.close() } }, "Stay");

  async function leave(): Promise<void> {
    out.disabled = true;
    await app.logout();
    dialog.close(); // the log-out failed, and the page said so
  }

  const dialog = openDialog(
    { label: "Log out", test: "logout", light: true },
    h("h2", {}, "Log out?"),
    h("p", {}, app.me.guest ? "You are a guest: logging out forgets you for good. Your profile, your calls and the accounts others shared with you do not come back. In your profile you can keep your account first." : "The accounts others shared with you this evening are forgotten in this window."),
    h("div", { class: "buttons" }, stay, out),
  );
  stay.focus();
}
