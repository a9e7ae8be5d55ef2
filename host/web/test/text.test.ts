import assert from "node:assert/strict";
import { test } from "node:test";
import { Refusal } from "napalmsky";
import { fieldName } from "../src/form/field.ts";
import { callEnded, deletedWords, isDemo, refused, ringEnded, waitingWords } from "../src/text.ts";
import { clock, span, until, when } from "../src/time.ts";

const now = new Date(2026, 6, 3, 21, 0).getTime();
const hour = 3_600_000;

test("the clock counts down to zero and stays there", () => {
  assert.deepEqual([300, 61, 59.2, 0.1, 0, -5].map(clock), ["5:00", "1:01", "1:00", "0:01", "0:00", "0:00"]);
});

test("lengths read as people say them", () => {
  assert.deepEqual([18, 60, 90, 300, 3600, 5400].map(span), ["18 s", "1 min", "90 s", "5 min", "1 h", "1 h 30 min"]);
});

test("times say the day", () => {
  assert.equal(when(now + hour, now, "en-GB"), "today 22:00");
  assert.equal(when(now + 4 * hour, now, "en-GB"), "tomorrow 01:00");
  assert.equal(when(now - 24 * hour, now, "en-GB"), "yesterday 21:00");
  assert.match(when(now + 72 * hour, now, "en-GB"), /^Monday,? 6 July, 21:00$/);
  assert.equal(until(now + 24 * hour, now, "en-GB"), "tomorrow 21:00 (in 24 h)");
});

test("a cooldown's refusal says until when", () => {
  const text = refused(new Refusal("on_cooldown", undefined, now + hour), "Mira", now);
  assert.match(text, /Mira/);
  assert.match(text, /today .*in 60 min/);
});

test("a refusal this page does not know shows the server's own words", () => {
  assert.equal(refused(new Refusal("brand_new", undefined, undefined, undefined, "Not on Sundays."), "", now), "Not on Sundays.");
  assert.match(refused(new Refusal("brand_new"), "", now), /brand_new/);
  assert.match(refused(new TypeError("x"), "", now), /page/);
});

test("both sides of a decline are told in their own words", () => {
  assert.match(ringEnded("declined", "Mira", true), /Mira said no/);
  assert.match(ringEnded("declined", "Mira", false), /You declined/);
});

test("the server's field paths find the form's fields", () => {
  assert.deepEqual(["name", "profile.name", "seeking[0]", "profile.socials[2].handle"].map(fieldName), ["name", "name", "seeking", "socials"]);
});

test("after an unanswered ring the refusal says so; a real cooldown is called one", () => {
  const refusal = (ms: number) => new Refusal("on_cooldown", undefined, now + ms);
  assert.equal(refused(refusal(80_000), "Mira", now, true), "Mira did not answer a moment ago; try again in 80 s.");
  assert.match(refused(refusal(80_000), "Mira", now, false), /^You missed Mira's invite/);
  assert.match(refused(refusal(24 * hour), "Mira", now, true), /on cooldown until tomorrow/);
});

test("a block is named to whoever did it; the other reads of somebody who left", () => {
  assert.equal(callEnded("blocked", "Mira", true), "You blocked Mira. You will not see each other again.");
  assert.equal(callEnded("hangup", "Mira", false), "Mira left the call.");
});

test("nobody else is blamed while my own connection is down, nor right after", () => {
  const lostUntil = now + 12_000;
  assert.match(waitingWords("Mira", 0, lostUntil, now, false), /^The connection to the server broke off/);
  assert.match(waitingWords("Mira", 0, lostUntil, now, true), /^The server restarts/);
  assert.equal(waitingWords("Mira", 1_000, lostUntil, now, true), "");
  assert.match(waitingWords("Mira", 5_000, lostUntil, now, false), /Mira lost the connection. Waiting 12 s/);
  assert.equal(waitingWords("Mira", 5_000, undefined, now, false), "");
});

test("a deletion claims no more than was done", () => {
  assert.doesNotMatch(deletedWords(false), /email/);
  assert.match(deletedWords(true), /fingerprint of your email stays for a year/);
});

test("demo people are known by their first words, others by nothing", () => {
  assert.deepEqual(["Demo person. I like tea.", "I met a Demo person.", "", undefined].map(isDemo), [true, false, false, false]);
});
