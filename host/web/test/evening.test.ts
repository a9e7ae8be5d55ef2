import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "napalmsky";
import { FakeClock, FakeShelf, FakeSocket } from "../../../sdk/js/test/fake.ts";
import { Evening } from "../src/evening.ts";

const other = { id: "5", v: 1, name: "Mira" };
const started = { call: "70", other, seconds: 300, started_at: 0, deadline: 300_000, polite: true, ice_servers: [] };

/** A tab; the shelf outlives it. */
function tab(shelf: FakeShelf) {
  const sockets: FakeSocket[] = [];
  const client = new Client({ url: "ws://x", shelf, clock: new FakeClock(), random: () => 0, socket: () => sockets[sockets.push(new FakeSocket()) - 1]! });
  const evening = new Evening(client, shelf);
  client.retry();
  const s = sockets[0]!;
  s.open();
  const welcome = (resumed: boolean, activity: string) => s.push("welcome", { you: "1", stream: "11", resumed, now: 0, activity });
  const requests = () => s.sent.filter((f) => f.ref).map((f) => f.t);
  const done = (t: string, seq: number) => s.push("done", { ref: s.frames(t).at(-1)!.ref }, seq);
  return { s, client, evening, welcome, requests, done };
}

/** Lets promises that are ready run. */
const settle = () => new Promise((r) => setImmediate(r));

test("a newcomer enters; a resumed stream does not do so again", () => {
  const shelf = new FakeShelf();
  const first = tab(shelf);
  first.welcome(false, "outside");
  assert.deepEqual(first.requests(), ["lobby.enter"]);
  const second = tab(shelf);
  second.welcome(true, "free");
  assert.deepEqual(second.requests(), []);
});

test("a reload in a call comes back to it, as one that ran already, with what was written", async () => {
  const shelf = new FakeShelf();
  const first = tab(shelf);
  first.welcome(false, "free");
  first.s.push("call.started", started, 1);
  first.s.push("call.chat", { call: "70", text: "hi", at: 1 }, 2);
  const written = first.evening.chat("70", "hello");
  first.done("call.chat", 3);
  await written;
  const second = tab(shelf);
  const talk = () => second.evening.state.talk;
  assert.equal(talk(), undefined, "nothing opens the camera before the server says that the call runs");
  second.welcome(true, "in_call");
  assert.equal(talk()?.resumed, true);
  second.s.push("call.started", { ...started, resumed: true }, 4);
  assert.deepEqual(talk()?.lines.map((l) => [l.mine, l.text]), [[false, "hi"], [true, "hello"]]);
  const elsewhere = tab(new FakeShelf());
  elsewhere.welcome(false, "in_call");
  elsewhere.s.push("call.started", { ...started, resumed: true }, 1);
  assert.deepEqual(elsewhere.evening.state.talk?.lines, [], "the server keeps no chat: another tab begins without");
});

test("a reload after the call ended says so instead of showing it", () => {
  const shelf = new FakeShelf();
  const first = tab(shelf);
  first.welcome(false, "free");
  first.s.push("call.started", started, 1);
  const second = tab(shelf);
  second.welcome(false, "outside");
  assert.equal(second.evening.state.talk, undefined);
  assert.equal(second.evening.state.ending?.kind, "call");
});

test("on a new stream the tab takes its own call back, once", async () => {
  const shelf = new FakeShelf();
  const { s, evening, welcome, requests } = tab(shelf);
  welcome(false, "free");
  s.push("self", { activity: "free" }, 1);
  s.push("call.started", started, 2);
  s.push("self", { activity: "in_call", call: "70", here: true }, 3);
  s.push("welcome", { you: "1", stream: "12", resumed: false, now: 0, activity: "in_call" });
  s.push("self", { activity: "in_call", call: "70" }, 1);
  assert.deepEqual(requests().filter((t) => t === "call.take"), ["call.take"]);
  s.push("error", { ref: s.frames("call.take")[0]!.ref, code: "call_elsewhere" }, 2);
  await settle();
  assert.equal(evening.state.talk, undefined);
  assert.equal(evening.state.elsewhere, "70");
});

test("who took a pause is paused again after a server restart", async () => {
  const shelf = new FakeShelf();
  const first = tab(shelf);
  first.welcome(false, "outside");
  const paused = first.evening.pause(true);
  first.done("lobby.busy", 1);
  await paused;
  const second = tab(shelf);
  second.welcome(false, "outside");
  second.s.push("self", { activity: "free" }, 1);
  second.done("lobby.enter", 2);
  await settle();
  assert.deepEqual(second.requests(), ["lobby.enter", "lobby.busy"]);
});

test("what I wrote appears when the server has it, not before", async () => {
  const { s, evening, welcome, done } = tab(new FakeShelf());
  welcome(false, "free");
  s.push("call.started", started, 1);
  const written = evening.chat("70", "hello");
  assert.equal(evening.state.talk?.lines.length, 0);
  done("call.chat", 2);
  await written;
  assert.deepEqual(evening.state.talk?.lines.map((l) => [l.mine, l.text]), [[true, "hello"]]);
});

test("logging out leaves nothing for the next person at this browser", () => {
  const shelf = new FakeShelf();
  const { s, evening, welcome } = tab(shelf);
  welcome(false, "free");
  s.push("call.started", started, 1);
  assert.ok(shelf.items.size > 0);
  evening.forget();
  assert.equal(shelf.items.size, 0);
});

test("a block is known here before the server ends the call, and not claimed if it is refused", async () => {
  const { s, evening, welcome } = tab(new FakeShelf());
  welcome(false, "free");
  s.push("call.started", started, 1);
  const blocked = evening.block("5");
  s.push("call.ended", { call: "70", other: "5", reason: "hangup", talked: 3, mine: true }, 2);
  assert.equal(evening.state.ending?.reason, "blocked");
  s.push("error", { ref: s.frames("person.block")[0]!.ref, code: "unavailable" }, 3);
  await assert.rejects(blocked);
  assert.deepEqual(evening.state.blocked, []);
});

test("what others shared is still there after a reload of the tab", () => {
  const shelf = new FakeShelf();
  const first = tab(shelf);
  first.welcome(false, "free");
  first.s.push("call.started", started, 1);
  first.s.push("call.shared", { call: "70", socials: [{ kind: "signal", handle: "@mira" }] }, 2);
  first.s.push("call.ended", { call: "70", other: "5", reason: "clock", talked: 300 }, 3);
  const second = tab(shelf);
  second.welcome(true, "free");
  assert.equal(second.evening.state.accounts["70"]?.[0]?.handle, "@mira");
});
