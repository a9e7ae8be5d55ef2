import type { App } from "../app.ts";
import { h, say } from "../dom.ts";
import { refused } from "../text.ts";

/** Another tab or device carries my call. */
export function elsewhereBanner(app: App, call: string): HTMLElement {
  const { evening } = app;
  const note = h("p", { class: "hint", attr: { role: "status" } });
  const attempt = async (wish: Promise<void>) => {
    try {
      await wish;
    } catch (e) {
      say(note, refused(e, "", evening.client.now()));
    }
  };
  return h(
    "div",
    { class: "banner", test: "elsewhere" },
    h("div", {}, h("strong", {}, "Your call runs in another window of yours."), note),
    h("button", { type: "button", class: "primary small", test: "call-take", on: { click: () => void attempt(evening.takeCall(call)) } }, "Carry on here"),
    h("button", { type: "button", class: "quiet small", on: { click: () => void attempt(evening.leaveCall(call)) } }, "End it"),
  );
}
