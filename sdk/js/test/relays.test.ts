import assert from "node:assert/strict";
import { test } from "node:test";
import { type Grant, grantFrom } from "../src/grant.ts";
import { Relays } from "../src/relays.ts";
import { Refusal } from "../src/requests.ts";
import { FakeClock } from "./fake.ts";
import { quiet } from "./fakepeer.ts";

const hour = 3_600_000;
const stun = { urls: ["stun:s"] };
const relay = { urls: ["turn:t"], username: "u", credential: "c" };

/** Relays whose server answers as told; asked holds when it was. */
function world(answer: (n: number, now: number) => Grant | Error, random = () => 0.5) {
  const clock = new FakeClock();
  const zero = clock.now();
  const asked: number[] = [];
  const trouble: unknown[] = [];
  const relays = new Relays({
    clock,
    random,
    now: () => clock.now(),
    onTrouble: (e) => trouble.push(e),
    async fetch() {
      asked.push(clock.now() - zero);
      const a = answer(asked.length, clock.now());
      if (a instanceof Error) throw a;
      return a;
    },
  });
  const grant = (ms: number): Grant => ({ ice_servers: [stun, relay], ice_until: clock.now() + ms });
  /** Time passes in small steps, with what promises do in between. */
  const pass = async (ms: number, step = 1_000) => {
    for (let left = ms; left > 0; left -= step) {
      clock.advance(Math.min(step, left));
      await quiet(2);
    }
  };
  return { clock, relays, asked, trouble, grant, pass };
}

const anHour = (_: number, now: number): Grant => ({ ice_servers: [relay], ice_until: now + hour });

test("nothing is fetched before a call, after it, or where no login ends", async () => {
  const w = world(anHour);
  w.relays.take(w.grant(hour));
  await w.pass(2 * hour, 60_000);
  assert.deepEqual(w.asked, []);
  w.relays.take({ ice_servers: [stun] });
  const stop = w.relays.follow(() => {});
  await w.pass(48 * hour, 60_000);
  stop();
  w.relays.take(w.grant(hour));
  await w.pass(2 * hour, 60_000);
  assert.deepEqual(w.asked, []);
});

test("fresh ones come at 60 to 80 % of the time that is left, not to all at once", async () => {
  const at = new Set<number>();
  for (let i = 0; i <= 10; i++) {
    const w = world(anHour, () => i / 10);
    w.relays.take(w.grant(hour));
    w.relays.follow(() => {});
    await w.pass(hour, 10_000);
    assert.equal(w.asked.length, 1);
    assert.ok(w.asked[0]! >= 0.6 * hour && w.asked[0]! <= 0.8 * hour, `${w.asked}`);
    at.add(w.asked[0]!);
  }
  assert.ok(at.size > 8);
});

test("who follows is told of each change, and of nothing that is not newer", async () => {
  const w = world(anHour);
  w.relays.take(w.grant(hour));
  let told = 0;
  const stop = w.relays.follow(() => told++);
  w.relays.take(w.grant(hour)); // call.started, replayed
  w.relays.take(w.grant(hour / 2));
  assert.equal(told, 0);
  await w.pass(0.71 * hour, 10_000);
  assert.equal(told, 1);
  assert.deepEqual(w.relays.servers(), [relay]);
  stop();
  w.relays.take(w.grant(9 * hour));
  assert.equal(told, 1);
});

test("a fetch that fails is tried again, more slowly each time, and not without end", async () => {
  const w = world((n) => new Error(`down ${n}`));
  w.relays.take(w.grant(hour));
  w.relays.follow(() => {});
  await w.pass(0.75 * hour, 500);
  assert.equal(w.asked.length, 8);
  const waits = w.asked.slice(1).map((at, i) => at - w.asked[i]!);
  for (let i = 1; i < waits.length; i++) assert.ok(waits[i]! > waits[i - 1]!, `${waits}`);
  assert.ok(w.asked.at(-1)! - w.asked[0]! <= 127_000);
  assert.equal(w.trouble.length, 8);
  await w.pass(12 * hour, 10_000);
  assert.ok(w.asked.length > 16 && w.asked.length <= 80, `${w.asked.length} attempts`);
  const last = w.asked.length;
  await w.pass(hour, 10_000);
  assert.equal(w.asked.length, last, "it is over: the next time only when somebody needs them");
  assert.deepEqual(w.relays.servers(), [stun]);
  await quiet(2);
  assert.equal(w.asked.length, last + 1);
});

test("it recovers as soon as the server does, and heeds how long it wants to be left alone", async () => {
  const w = world((n, now) => (n === 1 ? new Refusal("rate_limited", undefined, undefined, 90_000) : anHour(n, now)), () => 0);
  w.relays.take(w.grant(hour));
  w.relays.follow(() => {});
  await w.pass(0.6 * hour + 95_000, 1_000);
  assert.equal(w.asked.length, 2);
  assert.ok(w.asked[1]! - w.asked[0]! >= 90_000);
  assert.deepEqual(w.relays.servers(), [relay]);
});

test("a login that is over, or about to be, is not offered, and is fetched at once", async () => {
  const w = world(anHour);
  w.relays.take(w.grant(9_000));
  assert.deepEqual(w.relays.servers(), [stun]);
  assert.equal(w.asked.length, 0, "nobody has a call");
  let told = 0;
  w.relays.follow(() => told++);
  w.relays.servers();
  await quiet(2);
  assert.deepEqual([w.asked.length, told], [1, 1]);
  assert.deepEqual(w.relays.servers(), [relay]);
});

test("a grant that is over already counts as none", async () => {
  const w = world((_, now) => ({ ice_servers: [relay], ice_until: now - 1 }));
  w.relays.take(w.grant(0));
  w.relays.follow(() => {});
  await w.pass(10 * 60_000);
  assert.equal(w.asked.length, 8);
  assert.deepEqual(w.relays.servers(), [stun]);
});

test("logins that came another way while asking are kept fresh, too", async () => {
  let give: (g: Grant) => void = () => {};
  const clock = new FakeClock();
  let asked = 0;
  const fetch = () => (asked++, new Promise<Grant>((r) => (give = r)));
  const relays = new Relays({ clock, now: () => clock.now(), random: () => 0, fetch });
  relays.take({ ice_servers: [relay], ice_until: clock.now() });
  relays.follow(() => {});
  const newest = { ice_servers: [relay, stun], ice_until: clock.now() + 2 * hour };
  relays.take(newest);
  give({ ice_servers: [relay], ice_until: clock.now() + hour });
  await quiet(2);
  assert.deepEqual(relays.servers(), newest.ice_servers);
  clock.advance(1.2 * hour);
  assert.equal(asked, 2);
});

test("the fetcher logs in, keeps no copy, and reads what the server answers", async () => {
  const seen: { url: string; init: RequestInit }[] = [];
  const answering = (status: number, body: unknown, headers = {}) =>
    (async (url: string, init: RequestInit) => {
      seen.push({ url, init });
      return new Response(typeof body === "string" ? body : JSON.stringify(body), { status, headers });
    }) as typeof fetch;
  const ok = { ice_servers: [stun, relay], ice_until: 7 };
  assert.deepEqual(await grantFrom("/v1/me/ice", { fetch: answering(200, ok) })(), ok);
  assert.deepEqual([seen[0]!.url, seen[0]!.init.cache, seen[0]!.init.credentials], ["/v1/me/ice", "no-store", "same-origin"]);
  assert.deepEqual(await grantFrom("/x", { token: "tok", fetch: answering(200, { ice_servers: [] }) })(), { ice_servers: [], ice_until: undefined });
  assert.equal((seen[1]!.init.headers as Record<string, string>).Authorization, "Bearer tok");

  const limited = grantFrom("/x", { fetch: answering(429, { error: { code: "rate_limited", message: "later" } }, { "Retry-After": "3" }) });
  await assert.rejects(limited(), (e: Refusal) => e.code === "rate_limited" && e.retryMs === 3_000);
  await assert.rejects(grantFrom("/x", { fetch: answering(502, "<html>") })(), (e: Refusal) => e.code === "http_502" && e.retryMs === undefined);
  for (const bad of ["<html>", "null", [], {}, { ice_servers: {} }, { ice_servers: [{}] }, { ice_servers: [null] }, { ice_servers: [{ urls: "turn:t" }] }, { ice_servers: [{ urls: [], credential: 1 }] }, { ice_servers: [], ice_until: "soon" }]) {
    await assert.rejects(grantFrom("/x", { fetch: answering(200, bad) })(), JSON.stringify(bad));
  }
});
