import assert from "node:assert/strict";
import { test } from "node:test";
import { compareIDs, Reel } from "../src/reel.ts";

const entry = (id: string, score: number, busy = false) => ({ card: { id, v: 1, name: "n" + id }, score, busy });
const ids = (r: Reel) => r.list().map((e) => e.card.id);

test("a full reel is ranked by score, then by the smaller id as a number", () => {
  const r = new Reel();
  r.full({ at: 5, gen: "g", entries: [entry("10", 3), entry("9", 3), entry("2", 7)] });
  assert.deepEqual(ids(r), ["2", "9", "10"]);
  assert.equal(r.gen, "g");
});

test("ids beyond a double's precision keep their order", () => {
  assert.ok(compareIDs("9007199254740993", "9007199254740992") > 0);
  assert.ok(compareIDs("999", "1000") < 0);
  assert.equal(compareIDs("5", "5"), 0);
});

test("a delta applies gone, put, score, busy, free in this order", () => {
  const r = new Reel();
  r.full({ at: 1, gen: "g", entries: [entry("1", 1), entry("2", 2)] });
  // 1 goes and comes back in one delta: put after gone. Its score and mask follow the put.
  assert.ok(r.delta({ at: 2, gone: ["1"], put: [entry("1", 5), entry("3", 4)], score: [{ id: "1", score: 9 }], busy: ["1", "2"], free: ["2"] }));
  assert.deepEqual(ids(r), ["1", "3", "2"]);
  assert.equal(r.get("1")?.score, 9);
  assert.equal(r.get("1")?.busy, true);
  assert.equal(r.get("2")?.busy, false);
});

test("a delta older than the reel, or before a whole one, changes nothing", () => {
  const r = new Reel();
  assert.equal(r.delta({ at: 9, put: [entry("1", 1)] }), false);
  assert.equal(r.list().length, 0);
  r.full({ at: 10, gen: "g", entries: [entry("1", 1)] });
  assert.equal(r.delta({ at: 9, gone: ["1"] }), false);
  assert.deepEqual(ids(r), ["1"]);
});

test("news of people who are not in the reel is ignored", () => {
  const r = new Reel();
  r.full({ at: 1, gen: "g", entries: [] });
  r.delta({ at: 2, score: [{ id: "4", score: 1 }], busy: ["4"], gone: ["5"] });
  assert.equal(r.list().length, 0);
});

test("a full reel replaces everything, even with a lower sequence (a new epoch)", () => {
  const r = new Reel();
  r.full({ at: 100, gen: "a", entries: [entry("1", 1)] });
  r.full({ at: 3, gen: "b", entries: [entry("2", 1)] });
  assert.deepEqual(ids(r), ["2"]);
  assert.ok(r.delta({ at: 4, busy: ["2"] }));
});
