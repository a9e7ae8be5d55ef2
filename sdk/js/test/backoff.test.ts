import assert from "node:assert/strict";
import { test } from "node:test";
import { Backoff } from "../src/backoff.ts";
import { verdict } from "../src/close.ts";

test("waits double up to a bound and keep at least half of the step", () => {
  const low = new Backoff(() => 0);
  assert.deepEqual([low.next(), low.next(), low.next()], [250, 500, 1000]);
  for (let i = 0; i < 40; i++) low.next();
  assert.equal(low.next(), 7500);
  const high = new Backoff(() => 1);
  for (let i = 0; i < 40; i++) high.next();
  assert.equal(high.next(), 15_000);
});

test("never comes back before the server's wish, and not all at once", () => {
  const waits = new Set<number>();
  for (let i = 0; i <= 10; i++) {
    const w = new Backoff(() => i / 10).next(4000);
    assert.ok(w >= 4000 && w <= 6000, `${w}`);
    waits.add(w);
  }
  assert.ok(waits.size > 5);
});

test("a wish smaller than the step is a floor", () => {
  const b = new Backoff(() => 0);
  for (let i = 0; i < 6; i++) b.next();
  assert.equal(b.next(15_000), 15_000);
  b.reset();
  assert.equal(b.next(400), 400);
});

test("close codes: 4000s return, 4100s need mending, 4200s stay, the rest is the network", () => {
  assert.deepEqual([4000, 4003, 4099].map(verdict), ["return", "return", "return"]);
  assert.deepEqual([4100, 4101, 4199].map(verdict), ["mend", "mend", "mend"]);
  assert.deepEqual([4200, 4202, 4299].map(verdict), ["stay", "stay", "stay"]);
  assert.deepEqual([1000, 1001, 1006, 1011, 1013].map(verdict), Array(5).fill("return"));
});
