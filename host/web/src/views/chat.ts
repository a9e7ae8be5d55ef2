import type { App } from "../app.ts";
import { h, say } from "../dom.ts";
import type { Talk } from "../state.ts";
import { refused } from "../text.ts";
import type { View } from "../view.ts";
import { accountsList } from "./accounts.ts";

const longest = 500;

/** The written side of a call, and where socials appear. */
export function chatView(app: App, talk: Talk): View & { read(): void; unread(): number } {
  const { evening } = app;
  const log = h("ol", { class: "chat-log", tabIndex: 0, test: "call-chat-log", attr: { role: "log", "aria-label": "Chat", "aria-live": "polite" } });
  const socials = h("div", { class: "socials", test: "call-socials", hidden: true });
  const input = h("input", { type: "text", maxLength: longest, autocomplete: "off", placeholder: `Write to ${talk.other.name}`, test: "call-chat-input", attr: { "aria-label": "Message", enterkeyhint: "send" } });
  const trouble = h("p", { class: "form-error", attr: { role: "alert" } });
  const share = h("button", { type: "button", class: "quiet small", test: "call-share", on: { click: () => void act(evening.share(talk.call)) } }, "Share my accounts");
  const nothing = h("p", { class: "hint" }, "To share where to find you, add your accounts in your profile.");
  let drawn = 0;
  let seen = news(talk);
  let atEnd = true;
  let theirs: Talk["theirs"] | undefined;

  async function act(wish: Promise<void>): Promise<boolean> {
    say(trouble, "");
    try {
      await wish;
      return true;
    } catch (e) {
      say(trouble, refused(e, talk.other.name, evening.client.now()));
      return false;
    }
  }

  async function send(ev: SubmitEvent): Promise<void> {
    ev.preventDefault();
    const text = input.value.trim();
    if (!text) return;
    input.value = "";
    // What could not be said comes back, unless the person writes on already.
    if (!(await act(evening.chat(talk.call, text))) && !input.value) input.value = text;
  }

  function update(): void {
    const t = evening.state.talk;
    if (t?.call !== talk.call) return;
    if (t.lines.length < drawn) {
      log.replaceChildren();
      drawn = 0;
    }
    const fresh = t.lines.slice(drawn);
    atEnd ||= fresh.some((line) => line.mine);
    for (const line of fresh) {
      log.append(h("li", { class: line.mine ? "mine" : "theirs" }, h("span", { class: "spoken-only" }, line.mine ? "You: " : `${t.other.name}: `), line.text));
    }
    if (fresh.length > 0) toEnd();
    drawn = t.lines.length;
    if (t.theirs !== theirs) drawSocials(t);
    const none = app.me.profile.socials.length === 0;
    share.disabled = t.shared;
    share.hidden = none && !t.shared;
    nothing.hidden = !share.hidden;
    say(share, t.shared ? "Accounts shared" : "Share my accounts");
  }

  function toEnd(): void {
    if (atEnd) log.scrollTop = log.scrollHeight;
  }

  function drawSocials(t: Talk): void {
    theirs = t.theirs;
    socials.hidden = t.theirs.length === 0;
    socials.replaceChildren(
      h("strong", {}, `${t.other.name} shared`),
      accountsList(t.theirs),
    );
  }

  const el = h(
    "div",
    { class: "chat" },
    socials,
    log,
    trouble,
    h("form", { class: "chat-form", on: { submit: (ev) => void send(ev) } }, input, h("button", { type: "submit", class: "primary small", test: "call-chat-send" }, "Send")),
    share,
    nothing,
  );
  update();
  log.addEventListener("scroll", () => (atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 32));
  // The chat opens, accounts appear above it, a keyboard comes up: the last line stays in sight.
  const sized = new ResizeObserver(toEnd);
  sized.observe(log);
  const now = () => news(evening.state.talk ?? talk);
  return { el, update, read: () => (seen = now()), unread: () => Math.max(0, now() - seen), close: () => sized.disconnect() };
}

/** What there is to read: lines, and accounts that were shared. */
function news(t: Talk): number {
  return t.lines.filter((l) => !l.mine).length + (t.theirs.length > 0 ? 1 : 0);
}
