import type { Social } from "napalmsky";
import type { App } from "../app.ts";
import { face } from "../avatar.ts";
import { fill, h } from "../dom.ts";
import { api, type PastCall, type StandingCooldown } from "../http.ts";
import { callEnded, cooldownWhy, someoneGone } from "../text.ts";
import { span, until, when } from "../time.ts";
import type { View } from "../view.ts";
import { accountsList } from "./accounts.ts";

const page = 20;

/** Past calls, and who one cannot meet at the moment and why. */
export function historyView(app: App): View {
  const cooldowns = h("ul", { class: "rows" });
  const calls = h("ul", { class: "rows" });
  const note = h("p", { class: "hint", attr: { role: "status" } }, "One moment…");
  const more = h("button", { type: "button", class: "quiet", hidden: true, on: { click: () => void load() } }, "Earlier calls");
  let before = 0;

  async function load(): Promise<void> {
    more.disabled = true;
    try {
      const got = await api.history(before, page);
      const now = app.evening.client.now();
      const { accounts, blocked } = app.evening.state;
      if (before === 0) {
        const known = got.cooldowns.filter((c) => c.other_name); // nobody waits for those who are gone
        fill(cooldowns, ...known.map((c) => cooldownRow(c, now, blocked.includes(c.other))));
        cooldownsBox.hidden = known.length === 0;
      }
      calls.append(...got.calls.map((c) => callRow(c, now, blocked.includes(c.other), accounts[c.call])));
      before = got.calls.at(-1)?.started_at ?? before;
      more.hidden = got.calls.length < page;
      note.textContent = calls.children.length === 0 ? "No calls yet. Everyone you talk to will be listed here." : "";
    } catch (e) {
      note.textContent = (e as Error).message;
      more.hidden = false;
      more.textContent = "Try again";
    } finally {
      more.disabled = false;
    }
  }

  const cooldownsBox = h(
    "section",
    { hidden: true },
    h("h2", {}, "Taking a break from"),
    h("p", { class: "hint" }, "You do not see each other in the reel until then."),
    cooldowns,
  );
  const el = h("section", { class: "panel page" }, h("h1", { tabIndex: -1 }, "Your evening so far"), cooldownsBox, h("h2", {}, "Calls"), note, calls, more);
  void load();
  return { el };
}

function cooldownRow(c: StandingCooldown, now: number, blocked: boolean): HTMLElement {
  return h(
    "li",
    { class: "row", test: "cooldown-row", data: { person: c.other } },
    face({ id: c.other, name: c.other_name }),
    h("div", {}, h("strong", {}, c.other_name), h("p", {}, blocked ? "Blocked by you, for good." : `Until ${until(c.until, now)}, ${cooldownWhy(c.reason)}.`)),
  );
}

function callRow(c: PastCall, now: number, blocked: boolean, theirs: Social[] = []): HTMLElement {
  const gone = !c.other_name;
  const who = c.other_name || someoneGone;
  const length = c.ended_at ? `${span(c.talked)} of ${span(c.seconds)}` : `${span(c.seconds)} agreed`;
  return h(
    "li",
    { class: "row", test: "history-row", data: { call: c.call, person: c.other } },
    face({ id: c.other, name: c.other_name, photo: c.other_photo }),
    h(
      "div",
      {},
      h("strong", {}, who),
      h("p", {}, `${when(c.started_at, now)} · ${length} · ${c.caller ? "you invited" : gone ? "they invited" : `${who} invited`}`),
      h("p", { class: "hint" }, gone ? "They have deleted themselves since." : blocked ? "Blocked by you. You will not see each other again." : ended(c), !gone && !blocked && c.cooldown_until > now && ` You two can meet again ${until(c.cooldown_until, now)}.`),
      theirs.length > 0 && accountsList(theirs),
    ),
  );
}

/** The row does not say who left, only that somebody did. */
function ended(c: PastCall): string {
  if (c.reason === "hangup") return "One of you left.";
  if (c.reason === "left") return "One of you left the lobby.";
  return callEnded(c.reason, c.other_name, false);
}
