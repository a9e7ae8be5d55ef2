import { Refusal } from "napalmsky";
import { ApiError } from "./http.ts";
import { rough, until } from "./time.ts";

/** Stands for the name of somebody who deleted themselves. */
export const someoneGone = "Someone who is gone";

/** Begins every simulated person's bio (package bot); they have no camera. */
const demoMark = "Demo person.";

export function isDemo(bio: string | undefined): boolean {
  return bio?.startsWith(demoMark) === true;
}

/** The parting word of a deletion. */
export function deletedWords(account: boolean): string {
  return "You are deleted. Nothing here names you any more." + (account ? " A fingerprint of your email stays for a year, so that blocks and bans hold." : "");
}

/** A pause as short as this follows a ring that nobody answered; longer ones are cooldowns. */
const restMs = 600_000;

/** What a wish's refusal means to a person. unanswered: the last ring with them was, and whether it was mine. */
export function refused(e: unknown, who: string, now: number, unanswered?: boolean): string {
  if (e instanceof ApiError) return e.message || `The server refused this (${e.code}).`;
  if (!(e instanceof Refusal)) return "Something went wrong in this page. Reloading may help.";
  switch (e.code) {
    case "on_cooldown":
      if (e.until && unanswered !== undefined && e.until - now < restMs) {
        return `${unanswered ? `${who} did not answer` : `You missed ${who}'s invite`} a moment ago; try again in ${rough((e.until - now) / 1000)}.`;
      }
      return e.until
        ? `You and ${who} are on cooldown until ${until(e.until, now)}, so that everyone meets new people.`
        : `You and ${who} are on cooldown for now.`;
    case "not_in_reel":
      return `${who} is not in your reel any more. Pick somebody you see right now.`;
    case "other_busy":
      return `${who} is busy at the moment.`;
    case "you_are_busy":
      return "You are already ringing or in a call.";
    case "not_in_lobby":
    case "entering":
      return "You are not in the lobby yet. One moment.";
    case "no_such_invite":
      return "That invite is over.";
    case "no_such_call":
      return "That call is over.";
    case "call_elsewhere":
      return "The call still runs in your other window. Close that one first.";
    case "no_more_waits":
      return `${who} has been rung long enough. Try somebody else.`;
    case "bad_seconds":
      return "A call lasts between 1 and 30 minutes.";
    case "too_long":
      return "That is too long.";
    case "too_many":
    case "rate_limited":
      return "That was a bit fast. Wait a moment and try again.";
    case "offline":
      return "No connection right now. It is coming back by itself.";
    case "lost":
    case "no_answer":
      return "The server did not answer, so nothing was done. Try again.";
    case "try_again":
      return "The server could not keep this. Nothing was done; try again.";
    default:
      return e.message !== e.code ? e.message : `The server refused this (${e.code}).`;
  }
}

/** How an invite of mine, or to me, came to nothing. */
export function ringEnded(reason: string, who: string, mine: boolean): string {
  switch (reason) {
    case "declined":
      return mine ? `${who} said no this time.` : `You declined ${who}'s invite.`;
    case "rescinded":
      return mine ? `You took your invite to ${who} back.` : `${who} took the invite back.`;
    case "expired":
      return mine ? `${who} did not answer.` : `You missed ${who}'s invite.`;
    case "unavailable":
      return `${who} has just left.`;
    default:
      return "The meeting could not be kept by the server. Nothing was done; try again.";
  }
}

/** How a call ended. */
export function callEnded(reason: string, who: string, mine: boolean): string {
  switch (reason) {
    case "hangup":
      return mine ? `You left the call with ${who}.` : `${who} left the call.`;
    case "clock":
      return `Your time with ${who} is up.`;
    case "lost":
      return "The connection was lost for too long, so the call ended.";
    case "left":
      return mine ? "You left the lobby, which ended the call." : `${who} left the lobby.`;
    case "blocked": // known only to whoever did it
      return `You blocked ${who}. You will not see each other again.`;
    case "void":
    case "failed":
      return "The call could not be kept by the server, so it ended.";
    case "":
      return "Still running.";
    default:
      return "The call ended.";
  }
}

/** Why two people cannot meet at the moment. */
export function cooldownWhy(reason: string): string {
  switch (reason) {
    case "call":
      return "because you have just met";
    case "declined":
      return "because an invite was declined";
    case "rescinded":
      return "because an invite was taken back";
    default:
      return "so that everyone meets new people";
  }
}

/** After my own socket came back, the other may still be on their way too (a server that restarted). */
const benefitMs = 3_000;

/** Who waits for whom in a call; "" if nobody does. sinceBack: ms that my socket is up, 0 while it is down; restart: the server said that it goes. */
export function waitingWords(who: string, sinceBack: number, lostUntil: number | undefined, now: number, restart: boolean): string {
  if (sinceBack <= 0) return restart ? "The server restarts. Your call goes on; chat comes back by itself…" : "The connection to the server broke off. It is coming back by itself…";
  if (lostUntil === undefined || sinceBack < benefitMs) return "";
  const left = Math.max(0, Math.ceil((lostUntil - now) / 1000));
  return `${who} lost the connection. Waiting ${left} s for ${who} to come back…`;
}
