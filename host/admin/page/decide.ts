import { h, uid } from "../../web/src/dom.ts";
import { type Api, type Person, Refusal, type Ruling } from "./api.ts";
import { ask, facts } from "./dialog.ts";
import { moment } from "./text.ts";

export const words: Record<Ruling, { button: string; title: (who: string) => string; what: string; yes: string; done: string; past: string }> = {
  ban: { button: "Ban…", title: (who) => `Ban ${who}?`, what: "They are out at once, on every device, until you let them in again. Their reports are settled.", yes: "Ban", done: "is banned.", past: "banned" },
  unban: { button: "Let in…", title: (who) => `Let ${who} in again?`, what: "The ban ends at once.", yes: "Let in", done: "is let in again.", past: "let in" },
  vindicate: { button: "Nothing wrong…", title: (who) => `Did ${who} do nothing wrong?`, what: "Their reports are settled, and a ban ends.", yes: "Settle", done: "is vindicated.", past: "nothing wrong" },
};

/** What an operator's page needs to decide about somebody. */
export interface Court {
  api: Api;
  /** Hears of a decision, in one sentence. */
  decided(text: string): void;
  /** Hears why nothing could be asked. */
  failed(why: string): void;
}

/** Buttons that ask for a decision about somebody. */
export function verdicts(court: Court, id: string, rulings: Ruling[]): HTMLElement {
  return h(
    "div",
    { class: "verdicts" },
    ...rulings.map((ruling) => h("button", { class: "quiet small", type: "button", test: `${ruling}-${id}`, on: { click: () => void decide(court, id, ruling) } }, words[ruling].button)),
  );
}

/** Shows who it is about, and asks for a reason. */
async function decide(court: Court, id: string, ruling: Ruling): Promise<void> {
  const w = words[ruling];
  try {
    const p = await find(court.api, id);
    const name = p?.name ?? "who is gone";
    const reason = h("input", { id: uid("reason"), type: "text", maxLength: 300, autocomplete: "off", test: "reason" });
    ask({
      title: w.title(name),
      test: ruling,
      body: [
        h("p", {}, w.what),
        p ? facts(["Number", id], ["Login", p.guest ? "a guest" : p.email], ["Here since", moment(p.created_at)], ["About them", p.bio || "–"]) : h("p", {}, "They deleted themselves. What you decide holds for whoever comes back with the same email."),
        h("label", { class: "label", attr: { for: reason.id } }, "Why, in a line for other operators"),
        reason,
      ],
      yes: w.yes,
      danger: ruling === "ban",
      act: async () => {
        await court.api.rule(id, ruling, reason.value.trim());
        court.decided(`${p ? p.name : `Number ${id}`} ${w.done}`);
      },
    });
  } catch (e) {
    court.failed(e instanceof Error ? e.message : String(e));
  }
}

/** Who somebody is; nothing is known of whoever deleted themselves. */
async function find(api: Api, id: string): Promise<Person | undefined> {
  try {
    return await api.person(id);
  } catch (e) {
    if (e instanceof Refusal && e.code === "no_such_person") return undefined;
    throw e;
  }
}
