import assert from "node:assert/strict";
import { test } from "node:test";
import { Call, type CallOptions, type Link } from "../src/call.ts";
import type { Grant } from "../src/grant.ts";
import { Relays } from "../src/relays.ts";
import { FakeClock } from "./fake.ts";
import { FakePeer, quiet, ufragOf } from "./fakepeer.ts";

Object.assign(globalThis, { RTCPeerConnection: FakePeer, MediaStream: class {} });

const hour = 3_600_000;
const stun = { urls: ["stun:s"] };
const login = (n: number) => ({ urls: ["turn:t"], username: `u${n}`, credential: `c${n}` });

/** A call, and a server that grants it the logins u2, u3 and so on, each for an hour. */
function begin(t: { after(fn: () => void): void }, first: Grant, more: Partial<CallOptions> = {}) {
  const clock = new FakeClock();
  let asked = 0;
  const relays = new Relays({
    clock,
    random: () => 0,
    now: () => clock.now(),
    fetch: async () => ({ ice_servers: [stun, login(++asked + 1)], ice_until: clock.now() + hour }),
  });
  relays.take(first);
  const offers: string[] = [];
  const call = new Call({ polite: false, relays, tracks: [], send: (kind, data) => kind === "offer" && offers.push(data), ...more });
  t.after(() => call.close());
  const pc = FakePeer.made.at(-1)!;
  const answer = async () => {
    await call.signal("answer", `v=0\no=- 7 1 IN IP4 127.0.0.1\na=ice-ufrag:theirs${offers.length}\n`);
    await quiet();
  };
  return { clock, relays, call, pc, offers, answer, asked: () => asked };
}

const usersOf = (c: RTCConfiguration) => c.iceServers!.map((s) => s.username ?? "");

test("only who answers can be out of reach: silence is no failing network", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const links: Link[] = [];
  const { call } = begin(t, { ice_servers: [] }, { polite: true, onLink: (l) => links.push(l) });
  const minute = () => {
    for (let i = 0; i < 6; i++) t.mock.timers.tick(12_000);
  };
  minute();
  assert.equal(call.heard, false);
  assert.equal(call.link, "connecting");

  await call.signal("offer", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n");
  assert.equal(call.heard, true);
  minute();
  assert.equal(call.link, "failing");
  assert.deepEqual(links, ["failing"]);
});

test("a running call gets fresh logins before its own end; one that is over asks for none", async (t) => {
  const c = begin(t, { ice_servers: [stun, login(1)], ice_until: 1_000_000 + hour });
  await quiet();
  await c.answer();
  c.pc.become("connected");
  c.clock.advance(0.6 * hour);
  await quiet();
  assert.deepEqual(c.pc.configurations.map(usersOf), [["", "u1"], ["", "u2"]]);
  assert.equal(c.offers.length, 1, "a direct way needs no restart");

  c.clock.advance(0.6 * hour);
  await quiet();
  assert.deepEqual(usersOf(c.pc.getConfiguration()), ["", "u3"]);
  c.call.close();
  c.clock.advance(10 * hour);
  await quiet();
  assert.equal(c.asked(), 2);
  assert.equal(c.pc.configurations.length, 3);
});

test("a relay that carries the call is replaced by one of the fresh login", async (t) => {
  const c = begin(t, { ice_servers: [login(1)], ice_until: 1_000_000 + hour });
  await quiet();
  await c.answer();
  c.pc.become("connected");
  c.pc.stats.set("L", { type: "local-candidate", candidateType: "relay" });
  c.pc.stats.set("P", { type: "candidate-pair", state: "succeeded", nominated: true, localCandidateId: "L" });
  const before = ufragOf(c.pc.localDescription);
  c.clock.advance(0.6 * hour);
  await quiet();
  assert.equal(c.offers.length, 2);
  assert.notEqual(ufragOf(c.pc.localDescription), before);
  assert.deepEqual(usersOf(c.pc.getConfiguration()), ["", "u2"]);
});

test("no call begins with a login that is over: it gets a fresh one, and looks for relays then", async (t) => {
  const c = begin(t, { ice_servers: [stun, login(1)], ice_until: 1_000_000 - 1 });
  assert.deepEqual(c.pc.configurations.map(usersOf), [[""]], "what needs no login serves meanwhile");
  await quiet();
  assert.deepEqual(usersOf(c.pc.getConfiguration()), ["", "u2"]);
  if (c.offers.length === 1) await c.answer();
  await quiet();
  assert.ok(c.pc.configurations.every((conf) => !usersOf(conf).includes("u1")));
});

test("relays that come after the gathering are looked for by a restart", async (t) => {
  let give: (g: Grant) => void = () => {};
  const clock = new FakeClock();
  const relays = new Relays({ clock, now: () => clock.now(), fetch: () => new Promise((r) => (give = r)) });
  relays.take({ ice_servers: [stun, login(1)], ice_until: clock.now() });
  const c = begin(t, { ice_servers: [] }, { relays });
  await quiet();
  await c.answer();
  assert.equal(c.offers.length, 1);
  give({ ice_servers: [stun, login(2)], ice_until: clock.now() + hour });
  await quiet();
  assert.equal(c.offers.length, 2);
  assert.deepEqual(usersOf(c.pc.getConfiguration()), ["", "u2"]);
});

test("a restart takes the logins of now, never one that ended while the machine slept", async (t) => {
  const clock = new FakeClock();
  let now = clock.now(); // a clock that goes on while timers do not
  let asked = 0;
  const relays = new Relays({ clock, now: () => now, fetch: async () => ({ ice_servers: [stun, login(++asked + 1)], ice_until: now + hour }) });
  relays.take({ ice_servers: [stun, login(1)], ice_until: now + hour });
  const c = begin(t, { ice_servers: [] }, { relays });
  await quiet();
  await c.answer();
  c.pc.become("connected");
  now += 2 * hour;
  c.pc.become("failed");
  assert.deepEqual(usersOf(c.pc.getConfiguration()), [""]);
  await quiet();
  await c.answer();
  assert.deepEqual(usersOf(c.pc.getConfiguration()), ["", "u2"]);
  assert.equal(asked, 1);
  assert.equal(c.offers.length, 2);
});
