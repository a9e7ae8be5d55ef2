import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerEvent } from "napalmsky";
import { apply, nobody, said, shunned, type State, unshunned } from "../src/state.ts";

const mira = { id: "5", v: 1, name: "Mira" };

function after(events: ServerEvent[], from: State = nobody): State {
  return events.reduce(apply, from);
}

const welcome = (resumed: boolean, activity = "free"): ServerEvent => ({ t: "welcome", d: { you: "1", stream: "9", resumed, now: 0, activity } });
const self = (activity: string, call?: string, here = false): ServerEvent => ({ t: "self", d: { activity, call, here } });
const ringing: ServerEvent = { t: "invite.ringing", d: { call: "70", other: mira, seconds: 300, until: 20_000, waits: 3 } };
const incoming: ServerEvent = { t: "invite.incoming", d: { call: "70", other: mira, seconds: 300, until: 20_000 } };
const rungOut = (reason: string): ServerEvent => ({ t: "invite.ended", d: { call: "70", other: "5", reason } });
const started = (resumed = false): ServerEvent => ({
  t: "call.started",
  d: { call: "70", other: mira, seconds: 300, started_at: 0, deadline: 300_000, polite: false, resumed, ice_servers: [] },
});
const ended: ServerEvent = { t: "call.ended", d: { call: "70", other: "5", reason: "hangup", talked: 42, mine: true } };
const cooldown: ServerEvent = { t: "cooldown", d: { other: "5", until: 99, reason: "call" } };

test("an evening: ring, call, ending with its cooldown", () => {
  let s = after([welcome(false), self("free"), self("inviting", "70"), ringing]);
  assert.equal(s.ring?.dir, "out");
  s = after([self("settling", "70")], s);
  assert.equal(s.ring?.settling, true);
  s = after([started(), self("in_call", "70", true)], s);
  assert.equal(s.ring, undefined);
  assert.equal(s.talk?.other.name, "Mira");
  s = after([ended, self("free"), cooldown], s);
  assert.equal(s.talk, undefined);
  assert.deepEqual(s.ending, { kind: "call", call: "70", other: mira, reason: "hangup", mine: true, talked: 42, cooldown: { until: 99, reason: "call" } });
});

test("a talk keeps until when its logins hold, for the page that a reload makes", () => {
  const e = started() as Extract<ServerEvent, { t: "call.started" }>;
  const ice_servers = [{ urls: ["turn:t"], username: "u", credential: "c" }];
  const s = after([welcome(false), { ...e, d: { ...e.d, ice_servers, ice_until: 77 } }]);
  assert.deepEqual(s.talk?.relays, { ice_servers, ice_until: 77 });
});

test("a prolonged ring is the same ring with a new time", () => {
  const s = after([welcome(false), incoming, { ...incoming, d: { ...incoming.d, until: 40_000 } } as ServerEvent]);
  assert.equal(s.ring?.until, 40_000);
});

test("how an invite ended names the person, whichever news comes first", () => {
  for (const order of [[rungOut("declined"), self("free")], [self("free"), rungOut("declined")]]) {
    const s = after([welcome(false), ringing, ...order]);
    assert.equal(s.ring, undefined);
    assert.equal(s.ending?.other.name, "Mira");
    assert.equal(s.ending?.reason, "declined");
    assert.equal(s.ending?.mine, true);
  }
});

test("an invite answered in another window leaves this one's screen", () => {
  const s = after([welcome(false), self("invited", "70"), incoming, self("settling", "70"), self("in_call", "70", false)]);
  assert.equal(s.ring, undefined);
  assert.equal(s.talk, undefined);
  assert.equal(s.elsewhere, "70");
  assert.equal(after([self("free")], s).elsewhere, undefined);
});

test("a call taken over by another window leaves this one", () => {
  const s = after([welcome(false), self("free"), started(), self("in_call", "70", true), self("in_call", "70", false)]);
  assert.equal(s.talk, undefined);
  assert.equal(s.elsewhere, "70");
});

test("after a lost stream the call stays on the screen while it can be taken back", () => {
  const talking = after([welcome(false), self("free"), started(), self("in_call", "70", true)]);
  const s = after([welcome(false, "in_call"), self("in_call", "70", false)], talking);
  assert.equal(s.talk?.call, "70");
  assert.equal(s.elsewhere, "70");
  const back = after([started(true)], s);
  assert.equal(back.elsewhere, undefined);
});

test("after a lost stream nothing is believed that the server does not say", () => {
  const ring = after([welcome(false), incoming, welcome(false)]);
  assert.equal(ring.ring, undefined);
  const talking = after([welcome(false), started(), self("in_call", "70", true)]);
  const s = after([welcome(false, "free")], talking);
  assert.equal(s.talk, undefined);
  assert.equal(s.ending?.reason, "lost");
});

test("a resumed stream changes nothing by itself", () => {
  const talking = after([welcome(false), started(), self("in_call", "70", true)]);
  assert.equal(after([welcome(true, "in_call")], talking).talk?.call, "70");
  assert.equal(after([welcome(false), incoming, welcome(true, "invited")]).ring?.call, "70");
});

test("a call that came back keeps what was said in it", () => {
  let s = after([welcome(false), started(), { t: "call.chat", d: { call: "70", text: "hi", at: 1 } }]);
  s = said(s, "70", { mine: true, text: "hello", at: 2 });
  s = after([started(true)], s);
  assert.deepEqual(s.talk?.lines.map((l) => l.text), ["hi", "hello"]);
});

test("words of another call than this are not shown", () => {
  const s = after([welcome(false), started(), { t: "call.chat", d: { call: "71", text: "hi", at: 1 } }]);
  assert.equal(s.talk?.lines.length, 0);
  assert.equal(after([{ t: "call.ended", d: { ...ended.d, call: "71" } } as ServerEvent], s).talk?.call, "70");
});

test("a cooldown with somebody else does not touch the ending on the screen", () => {
  const s = after([welcome(false), started(), ended, { t: "cooldown", d: { other: "6", until: 1, reason: "call" } }]);
  assert.equal(s.ending?.cooldown, undefined);
});

test("a lost peer is waited for, and back", () => {
  const s = after([welcome(false), started(), { t: "call.peer", d: { call: "70", lost: true, until: 15_000 } }]);
  assert.equal(s.talk?.peerLostUntil, 15_000);
  assert.equal(after([{ t: "call.peer", d: { call: "70", lost: false } }], s).talk?.peerLostUntil, undefined);
});

test("a new invite replaces how the last one ended, but not how a call ended", () => {
  assert.equal(after([welcome(false), ringing, rungOut("expired"), incoming]).ending, undefined);
  assert.equal(after([welcome(false), started(), ended, incoming]).ending?.kind, "call");
});

const shared: ServerEvent = { t: "call.shared", d: { call: "70", socials: [{ kind: "signal", handle: "@mira" }] } };

test("accounts the other shared outlive the call", () => {
  const s = after([welcome(false), started(), shared, ended, self("free"), incoming]);
  assert.deepEqual(s.accounts["70"], [{ kind: "signal", handle: "@mira" }]);
  assert.deepEqual(after([welcome(false), shared]).accounts, {}, "of a call that is not mine");
});

test("who blocks reads of the block, and of no break", () => {
  const talking = after([welcome(false), started()]);
  const s = after([ended, cooldown], shunned(talking, "5"));
  assert.equal(s.ending?.reason, "blocked");
  assert.equal(s.ending?.mine, true);
  assert.equal(s.ending?.cooldown, undefined);
});

test("a block that comes after the end takes the break off the screen", () => {
  const s = shunned(after([welcome(false), started(), ended, cooldown]), "5");
  assert.equal(s.ending?.reason, "blocked");
  assert.equal(s.ending?.cooldown, undefined);
});

test("a block that could not be kept is not claimed", () => {
  const s = unshunned(after([ended], shunned(after([welcome(false), started()]), "5")), "5");
  assert.deepEqual(s.blocked, []);
  assert.equal(s.ending?.reason, "hangup");
});

test("an unanswered ring is remembered until the two meet", () => {
  const mine = after([welcome(false), ringing, rungOut("expired")]);
  assert.equal(mine.unanswered["5"], true);
  assert.equal(after([welcome(false), incoming, rungOut("expired")]).unanswered["5"], false);
  assert.deepEqual(after([ringing, rungOut("declined")], mine).unanswered, {});
  assert.deepEqual(after([started()], mine).unanswered, {});
});
