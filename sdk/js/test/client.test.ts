import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../src/client.ts";
import { FakeClock, FakeShelf, FakeSocket } from "./fake.ts";

function make(shelf = new FakeShelf()) {
  const clock = new FakeClock();
  const sockets: FakeSocket[] = [];
  const trouble: unknown[] = [];
  const client = new Client({
    url: "ws://x/v1/ws",
    shelf,
    clock,
    random: () => 0,
    onTrouble: (w) => trouble.push(w),
    socket: (_, offered) => {
      sockets.push(new FakeSocket(offered));
      return sockets.at(-1)!;
    },
  });
  const last = () => sockets.at(-1)!;
  /** Connects (or comes back) and is welcomed. */
  const arrive = (resumed: boolean, epoch = "e1") => {
    last().open();
    last().welcome(resumed, epoch);
  };
  client.retry();
  return { client, clock, sockets, shelf, trouble, last, arrive };
}

const self = { activity: "free" };

test("the first frame is hello, and a fresh one names no stream", () => {
  const { last } = make();
  last().open();
  assert.deepEqual(last().sent, [{ t: "hello", d: {} }]);
});

test("after a break, hello says the stream and the last event that was handled", () => {
  const { clock, sockets, last, arrive } = make();
  arrive(false);
  last().push("self", self, 3);
  last().push("self", self, 4);
  last().drop(1006);
  clock.advance(250);
  assert.equal(sockets.length, 2);
  last().open();
  assert.deepEqual(last().sent[0], { t: "hello", d: { stream: "11", epoch: "e1", seq: 4 } });
});

test("a reload of the tab resumes from what the former page kept", () => {
  const first = make();
  first.arrive(false);
  first.last().push("self", self, 9);
  const second = make(first.shelf);
  second.last().open();
  assert.deepEqual(second.last().sent[0]!.d, { stream: "11", epoch: "e1", seq: 9 });
});

test("hello says how far the reel on this page is; a reloaded page has none, a fresh stream neither", () => {
  const { client, clock, shelf, sockets, last, arrive } = make();
  const saidAt = () => {
    const before = sockets.length;
    last().drop(1006);
    while (sockets.length === before) clock.advance(250);
    last().open();
    return last().sent[0]!.d.at;
  };
  arrive(false);
  assert.equal(saidAt(), undefined);
  last().welcome(true);
  last().push("reel.full", { at: 7, gen: "g", entries: [] });
  assert.equal(saidAt(), 7);
  last().welcome(true);
  last().push("reel.delta", { at: 9, gone: ["5"] });
  assert.equal(saidAt(), 9);
  const reloaded = make(shelf);
  reloaded.last().open();
  assert.equal(reloaded.last().sent[0]!.d.at, undefined);
  last().welcome(false, "e2");
  assert.equal(saidAt(), undefined);
  last().welcome(true, "e2");
  last().push("reel.full", { at: 3, gen: "g", entries: [] });
  client.close(true);
  client.retry();
  last().open();
  assert.deepEqual(last().sent, [{ t: "hello", d: {} }]);
});

test("what is replayed once too often reaches nobody, and is acknowledged again", () => {
  const { client, clock, last, arrive } = make();
  const seen: number[] = [];
  client.on("done", (d) => seen.push(d.ref));
  arrive(false);
  last().push("done", { ref: 1 }, 1);
  last().push("done", { ref: 2 }, 2);
  last().drop(1006);
  clock.advance(250);
  arrive(true);
  last().push("done", { ref: 2 }, 2);
  last().push("done", { ref: 3 }, 3);
  assert.deepEqual(seen, [1, 2, 3]);
  clock.advance(200);
  assert.equal(last().frames("ack").at(-1)!.d.seq, 3);
});

test("a stream that is not resumed begins its numbers anew", () => {
  const { client, clock, last, arrive } = make();
  const seen: number[] = [];
  client.on("done", (d) => seen.push(d.ref));
  arrive(false);
  last().push("done", { ref: 50 }, 50);
  last().drop(4000);
  clock.advance(250);
  arrive(false, "e2");
  last().push("done", { ref: 1 }, 1, "e2");
  assert.deepEqual(seen, [50, 1]);
});

test("an event counts as handled only after the page had it", () => {
  const { client, shelf, last, arrive } = make();
  arrive(false);
  let kept = "";
  client.on("self", () => (kept = shelf.getItem("sky.stream")!));
  last().push("self", self, 8);
  assert.equal(JSON.parse(kept).seq, 0);
  assert.equal(JSON.parse(shelf.getItem("sky.stream")!).seq, 8);
});

test("a listener that throws neither stops the others nor the stream", () => {
  const { client, trouble, last, arrive } = make();
  arrive(false);
  let got = 0;
  client.on("self", () => {
    throw new Error("page bug");
  });
  client.on("self", () => got++);
  last().push("self", self, 1);
  assert.equal(got, 1);
  assert.equal(trouble.length, 1);
});

test("requests are answered by ref: done resolves, error rejects with its reason", async () => {
  const { client, last, arrive } = make();
  arrive(false);
  const yes = client.request("lobby.enter", {});
  const no = client.request("invite.send", { to: "5", seconds: 300 });
  const [a, b] = last().sent.slice(1);
  assert.notEqual(a!.ref, b!.ref);
  last().push("error", { ref: b!.ref, code: "on_cooldown", field: "to", until: 99 }, 1);
  last().push("done", { ref: a!.ref }, 2);
  await yes;
  await assert.rejects(no, { name: "Refusal", code: "on_cooldown", field: "to", until: 99 });
});

test("a request survives a break that the stream survives", async () => {
  const { client, clock, last, arrive } = make();
  arrive(false);
  const p = client.request("invite.send", { to: "5", seconds: 300 });
  const ref = last().sent[1]!.ref;
  last().drop(1006);
  clock.advance(250);
  arrive(true);
  last().push("done", { ref }, 1);
  await p;
});

test("a request whose stream is gone is refused as lost", async () => {
  const { client, clock, last, arrive } = make();
  arrive(false);
  const p = client.request("invite.send", { to: "5", seconds: 300 });
  last().drop(4000);
  clock.advance(250);
  arrive(false, "e2");
  await assert.rejects(p, { code: "lost" });
});

test("a socket that swallows a request is left for a new one", async () => {
  const { client, clock, sockets, arrive } = make();
  arrive(false);
  const p = client.request("lobby.enter", {});
  clock.advance(10_000);
  await assert.rejects(p, { code: "no_answer" });
  assert.equal(sockets.length, 2);
  assert.equal(sockets[0]!.closedWith, 1000);
});

test("without a connection a wish is refused, signalling is kept for the resumed stream", async () => {
  const { client, clock, last, arrive } = make();
  arrive(false);
  last().drop(1006);
  await assert.rejects(client.request("lobby.enter", {}), { code: "offline" });
  client.tell("call.signal", { call: "5", kind: "candidate", data: "{}" });
  clock.advance(250);
  arrive(true);
  assert.deepEqual(last().sent.map((f) => f.t), ["hello", "call.signal"]);
});

test("signalling of a stream that is gone is not sent into the new one", () => {
  const { client, clock, last, arrive } = make();
  arrive(false);
  last().drop(1006);
  client.tell("call.signal", { call: "5", kind: "candidate", data: "{}" });
  clock.advance(250);
  arrive(false, "e2");
  assert.deepEqual(last().sent.map((f) => f.t), ["hello"]);
});

test("bye says how long to stay away", () => {
  const { client, clock, sockets, last, arrive } = make();
  arrive(false);
  last().push("bye", { code: 4000, reason: "restart", retry_ms: 3000 });
  last().drop(4000);
  assert.deepEqual([client.status.state, "code" in client.status && client.status.code], ["waiting", 4000]);
  clock.advance(2999);
  assert.equal(sockets.length, 1);
  clock.advance(1);
  assert.equal(sockets.length, 2);
});

test("4100s and 4200s stop it until somebody says retry", () => {
  for (const code of [4101, 4200]) {
    const { client, clock, sockets, last, arrive } = make();
    arrive(false);
    last().drop(code);
    assert.deepEqual(client.status, { state: "stopped", code, reason: "" });
    clock.advance(600_000);
    assert.equal(sockets.length, 1);
    client.retry();
    assert.equal(sockets.length, 2);
  }
});

test("a server that accepts and drops at once is not hammered; one that held is", () => {
  const { clock, sockets, last, arrive } = make();
  const waits: number[] = [];
  for (let i = 0; i < 4; i++) {
    arrive(i > 0);
    const before = clock.now();
    last().drop(1006);
    const n = sockets.length;
    while (sockets.length === n) clock.advance(10);
    waits.push(clock.now() - before);
  }
  assert.deepEqual(waits, [250, 500, 1000, 2000]);
  arrive(true);
  clock.advance(6000);
  const before = clock.now();
  last().drop(1006);
  const n = sockets.length;
  while (sockets.length === n) clock.advance(10);
  assert.equal(clock.now() - before, 250);
});

test("a connection that never becomes a welcome is given up", () => {
  const { client, clock, sockets, last } = make();
  last().open();
  clock.advance(10_000);
  assert.equal(client.status.state, "waiting");
  assert.equal(sockets[0]!.closedWith, 1000);
});

test("the clock follows the server's, half a round trip late", () => {
  const { client, clock, last } = make();
  last().open();
  clock.advance(100);
  last().welcome(false, "e1", 5_000_000);
  assert.equal(client.now(), 5_000_050);
});

test("a frame that cannot be read is reported and nothing else happens", () => {
  const { client, trouble, last, arrive } = make();
  arrive(false);
  last().onmessage?.({ data: "{" });
  last().onmessage?.({ data: new ArrayBuffer(2) });
  assert.equal(trouble.length, 2);
  assert.equal(client.status.state, "online");
});

test("an event this client does not know yet is acknowledged all the same", () => {
  const { clock, last, arrive } = make();
  arrive(false);
  last().push("from.the.future", {}, 5);
  clock.advance(200);
  assert.deepEqual(last().frames("ack"), [{ t: "ack", d: { seq: 5 } }]);
});

test("late news of a socket that was replaced is ignored", () => {
  const { client, sockets, arrive } = make();
  arrive(false);
  let heard = 0;
  client.on("self", () => heard++);
  client.reconnect();
  sockets[0]!.drop(4200);
  sockets[0]!.push("self", self, 77);
  assert.equal(heard, 0);
  assert.equal(client.status.state, "connecting");
  arrive(true);
  assert.equal(client.status.state, "online");
});

test("forgetting the stream makes the next hello a fresh one", () => {
  const { client, last, arrive } = make();
  arrive(false);
  client.close(true);
  client.retry();
  last().open();
  assert.deepEqual(last().sent[0], { t: "hello", d: {} });
});

test("binary is offered first, and JSON alone where that is wanted", () => {
  const { last } = make();
  assert.deepEqual(last().offered, ["sky.v1.bin", "sky.v1.json"]);
  assert.equal(last().binaryType, "arraybuffer");
});

test("a binary socket carries the same events", () => {
  const { client, last, trouble } = make();
  let got: unknown;
  client.on("call.peer", (d) => (got = d));
  last().open("sky.v1.bin");
  // welcome of "main" in epoch "e1": you 17, stream 11, not resumed
  last().pushBytes(new Uint8Array([0x10, 0, 8, ...Buffer.from("main"), 4, ...Buffer.from("e1"), 17, 11, 0, 20, 14, ...Buffer.from("outside")]));
  assert.deepEqual(client.status, { state: "online", resumed: false });
  assert.equal(client.encoding, "binary");
  last().pushBytes(new Uint8Array([0x1a, 1, 0, 81, 1])); // call.peer 1: lost
  assert.deepEqual(got, { call: "81", lost: true });
  assert.deepEqual(trouble, []);
});

test("a frame that cannot be read brings the client back in JSON, on the same stream", () => {
  const { client, sockets, last, trouble } = make();
  last().open("sky.v1.bin");
  last().welcome(false);
  last().push("self", self, 1);
  last().pushBytes(new Uint8Array([0x02, 0]));
  assert.equal(trouble.length, 1);
  assert.equal(sockets.length, 2);
  assert.equal(sockets[0]!.closedWith, 1000);
  assert.deepEqual(last().offered, ["sky.v1.json"]);
  last().open();
  assert.deepEqual(last().sent[0]!.d, { stream: "11", epoch: "e1", seq: 1 });
  last().welcome(true);
  assert.equal(client.encoding, "json");
});
