import type { Activity, Card, Grant, ServerEvent, Social } from "napalmsky";

/** An invite that rings, as this person sees it. */
export interface Ring {
  dir: "out" | "in";
  call: string;
  other: Card;
  seconds: number;
  until: number; // server's ms
  waits: number; // how often it can be prolonged (out)
  settling: boolean; // answered; the outcome is being stored
}

export interface Line {
  mine: boolean;
  text: string;
  at: number;
}

/** The call this tab carries. */
export interface Talk {
  call: string;
  other: Card;
  seconds: number;
  deadline: number;
  polite: boolean;
  resumed: boolean;
  relays: Grant;
  peerLostUntil?: number;
  lines: Line[];
  shared: boolean; // I showed my socials
  theirs: Social[];
}

/** How a call or an invite ended, until the person puts it away. */
export interface Ending {
  kind: "call" | "ring";
  call: string;
  other: Card;
  reason: string;
  mine: boolean; // I ended it; of a ring: it was my invite
  talked: number; // seconds
  cooldown?: { until: number; reason: string };
}

export interface State {
  activity: Activity;
  ring?: Ring;
  lastRing?: Ring; // its end may be told after it is off the screen
  talk?: Talk;
  /** A call of mine that another tab or device carries. */
  elsewhere?: string;
  ending?: Ending;
  /** What others shared with me this evening, by call: it outlives the call. */
  accounts: Record<string, Social[]>;
  /** Whom I blocked in this tab. Only I may read it: the other is told of a hang-up. */
  blocked: string[];
  /** People whose last ring with me nobody answered; whether it was mine. */
  unanswered: Record<string, boolean>;
  /** The stream is new and has not yet said what I am doing. */
  fresh: boolean;
}

export const nobody: State = { activity: "outside", accounts: {}, blocked: [], unanswered: {}, fresh: true };

/** The talk's chat kept in the page; older lines are let go. */
const mostLines = 200;
/** Of each kind of thing remembered over the evening; the oldest are let go. */
const mostKept = 100;

/** What an event makes of the evening. Pure. */
export function apply(s: State, e: ServerEvent): State {
  switch (e.t) {
    case "welcome":
      return e.d.resumed ? { ...s, activity: e.d.activity } : begunAnew(s, e.d.activity);
    case "self":
      return self(s, e.d.activity, e.d.call, e.d.here === true);
    case "invite.ringing":
      return ring(s, { dir: "out", settling: false, call: e.d.call, other: e.d.other, seconds: e.d.seconds, until: e.d.until, waits: e.d.waits });
    case "invite.incoming":
      return ring(s, { dir: "in", settling: false, call: e.d.call, other: e.d.other, seconds: e.d.seconds, until: e.d.until, waits: 0 });
    case "invite.ended": {
      const r = [s.ring, s.lastRing].find((r) => r?.call === e.d.call);
      if (!r) return s;
      const ending: Ending = { kind: "ring", call: r.call, other: r.other, reason: e.d.reason, mine: r.dir === "out", talked: 0 };
      const unanswered = e.d.reason === "expired" ? keep(s.unanswered, r.other.id, ending.mine) : without(s.unanswered, r.other.id);
      return { ...s, ring: s.ring?.call === r.call ? undefined : s.ring, lastRing: undefined, ending, unanswered };
    }
    case "call.started": {
      const same = s.talk?.call === e.d.call ? s.talk : undefined;
      const talk: Talk = {
        call: e.d.call,
        other: e.d.other,
        seconds: e.d.seconds,
        deadline: e.d.deadline,
        polite: e.d.polite,
        resumed: e.d.resumed === true,
        relays: { ice_servers: e.d.ice_servers, ice_until: e.d.ice_until },
        lines: same?.lines ?? [],
        shared: same?.shared ?? false,
        theirs: same?.theirs ?? [],
      };
      const unanswered = without(s.unanswered, e.d.other.id);
      return { ...s, talk, ring: undefined, lastRing: undefined, ending: undefined, elsewhere: undefined, unanswered };
    }
    case "call.peer":
      return onTalk(s, e.d.call, (t) => ({ ...t, peerLostUntil: e.d.lost ? (e.d.until ?? 0) : undefined }));
    case "call.chat":
      return said(s, e.d.call, { mine: false, text: e.d.text, at: e.d.at });
    case "call.shared":
      if (s.talk?.call !== e.d.call) return s;
      return onTalk({ ...s, accounts: keep(s.accounts, e.d.call, e.d.socials) }, e.d.call, (t) => ({ ...t, theirs: e.d.socials }));
    case "call.ended": {
      const t = s.talk?.call === e.d.call ? s.talk : undefined;
      const elsewhere = s.elsewhere === e.d.call ? undefined : s.elsewhere;
      if (!t) return { ...s, elsewhere };
      const ending: Ending = { kind: "call", call: t.call, other: t.other, reason: e.d.reason, mine: e.d.mine === true, talked: e.d.talked };
      return { ...s, elsewhere, talk: undefined, ending: s.blocked.includes(t.other.id) ? asBlocked(ending) : ending };
    }
    case "cooldown":
      if (s.ending?.other.id !== e.d.other || s.blocked.includes(e.d.other)) return s;
      return { ...s, ending: { ...s.ending, cooldown: { until: e.d.until, reason: e.d.reason } } };
    default:
      return s;
  }
}

/** A line of chat, mine or the other's. */
export function said(s: State, call: string, line: Line): State {
  return onTalk(s, call, (t) => ({ ...t, lines: [...t.lines, line].slice(-mostLines) }));
}

export function onTalk(s: State, call: string, change: (t: Talk) => Talk): State {
  return s.talk?.call === call ? { ...s, talk: change(s.talk) } : s;
}

/** I blocked this person: for me the call ended by that, and no break ends it. */
export function shunned(s: State, person: string): State {
  const blocked = [...s.blocked.filter((p) => p !== person), person].slice(-mostKept);
  const mine = s.ending?.kind === "call" && s.ending.other.id === person;
  return { ...s, blocked, ...(mine && { ending: asBlocked(s.ending!) }) };
}

/** The server could not keep the block. */
export function unshunned(s: State, person: string): State {
  const blocked = s.blocked.filter((p) => p !== person);
  const was = s.ending?.other.id === person && s.ending.reason === "blocked";
  return { ...s, blocked, ...(was && { ending: { ...s.ending!, reason: "hangup" } }) };
}

function asBlocked(e: Ending): Ending {
  return { ...e, reason: "blocked", mine: true, cooldown: undefined };
}

function keep<T>(all: Record<string, T>, key: string, value: T): Record<string, T> {
  return Object.fromEntries([...Object.entries(without(all, key)), [key, value] as const].slice(-mostKept));
}

function without<T>(all: Record<string, T>, key: string): Record<string, T> {
  return Object.fromEntries(Object.entries(all).filter(([k]) => k !== key));
}

/** The former stream is lost: believe only what the server says now. */
function begunAnew(s: State, activity: Activity): State {
  const next: State = { ...s, activity, fresh: true, ring: undefined, lastRing: undefined, elsewhere: undefined };
  if (!s.talk || activity === "in_call") return next;
  const ending: Ending = { kind: "call", call: s.talk.call, other: s.talk.other, reason: "lost", mine: false, talked: 0 };
  return { ...next, talk: undefined, ending };
}

function self(s: State, activity: Activity, call: string | undefined, here: boolean): State {
  const next: State = { ...s, activity, fresh: false };
  if (activity === "in_call") {
    next.lastRing = next.ring = undefined;
    next.elsewhere = here ? undefined : call;
    // On a new stream the call is still bound to the one that was lost: it is
    // ours to take back, so it stays on the screen meanwhile.
    if (!here && !s.fresh) next.talk = undefined;
    return next;
  }
  next.elsewhere = undefined;
  if (activity === "settling") {
    if (s.ring) next.ring = { ...s.ring, settling: true };
  } else if (activity !== "inviting" && activity !== "invited") {
    next.lastRing = s.ring ?? s.lastRing;
    next.ring = undefined;
  }
  return next;
}

function ring(s: State, r: Ring): State {
  return { ...s, ring: r, lastRing: undefined, ending: s.ending?.kind === "ring" ? undefined : s.ending };
}
