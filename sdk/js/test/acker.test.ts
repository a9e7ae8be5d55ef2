import assert from "node:assert/strict";
import { test } from "node:test";
import { Acker } from "../src/acker.ts";
import { FakeClock } from "./fake.ts";

function make() {
  const clock = new FakeClock();
  const sent: number[] = [];
  return { clock, sent, acker: new Acker(clock, (s) => sent.push(s), 200, 4) };
}

test("a burst is acknowledged once, with its last number", () => {
  const { clock, sent, acker } = make();
  acker.note(1);
  acker.note(2);
  acker.note(3);
  clock.advance(199);
  assert.deepEqual(sent, []);
  clock.advance(1);
  assert.deepEqual(sent, [3]);
  clock.advance(1000);
  assert.deepEqual(sent, [3]);
});

test("many open events are acknowledged at once", () => {
  const { clock, sent, acker } = make();
  for (let i = 1; i <= 9; i++) acker.note(i);
  assert.deepEqual(sent, [4, 8]);
  clock.advance(200);
  assert.deepEqual(sent, [4, 8, 9]);
});

test("a steady trickle does not put the ack off for ever", () => {
  const { clock, sent, acker } = make();
  acker.note(1);
  clock.advance(150);
  acker.note(2);
  clock.advance(50);
  assert.deepEqual(sent, [2]);
});

test("nothing is acknowledged on a socket that is gone", () => {
  const { clock, sent, acker } = make();
  acker.note(1);
  acker.reset();
  clock.advance(1000);
  acker.flush();
  assert.deepEqual(sent, []);
});
