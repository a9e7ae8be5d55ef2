import assert from "node:assert/strict";
import { test } from "node:test";
import { Call, type CallOptions } from "../src/call.ts";
import type { ICEServer, SignalKind } from "../src/wire.ts";
import { FakePeer, quiet, turn, ufragOf } from "./fakepeer.ts";

Object.assign(globalThis, {
  RTCPeerConnection: FakePeer,
  MediaStream: class {
    getTracks = () => [];
  },
});

const none = { servers: () => [] as ICEServer[], follow: () => () => {} };

/** Small numbers that repeat for one seed (mulberry32). */
function draws(seed: number): (below: number) => number {
  let a = seed;
  return (below) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** One side of a call, and the reliable, ordered way to it. */
class Side {
  readonly trouble: unknown[] = [];
  readonly sent: SignalKind[] = [];
  readonly inbox: { kind: SignalKind; data: string }[] = [];
  readonly call: Call;
  readonly pc: FakePeer; // the first
  held = false;
  other!: Side;

  constructor(polite: boolean, more: Partial<CallOptions> = {}) {
    this.call = new Call({
      polite,
      relays: none,
      tracks: [],
      send: (kind, data) => {
        this.sent.push(kind);
        this.other.inbox.push({ kind, data });
        if (!this.other.held) this.other.take();
      },
      onTrouble: (e) => this.trouble.push(e),
      ...more,
    });
    this.pc = FakePeer.made.at(-1)!;
  }

  take(most = Infinity): void {
    for (const s of this.inbox.splice(0, most)) void this.call.signal(s.kind, s.data);
  }
}

function pair(t: { after(fn: () => void): void }, both: Partial<CallOptions> = {}): { impolite: Side; polite: Side } {
  const impolite = new Side(false, both);
  const polite = new Side(true, both);
  impolite.other = polite;
  polite.other = impolite;
  t.after(() => {
    impolite.call.close();
    polite.call.close();
    FakePeer.pace = () => 1;
  });
  return { impolite, polite };
}

/** Both hold what the other has, and nothing is under way. */
function agreed({ impolite, polite }: { impolite: Side; polite: Side }): boolean {
  const [a, b] = [impolite.pc, polite.pc];
  return (
    a.signalingState === "stable" &&
    b.signalingState === "stable" &&
    ufragOf(a.remoteDescription) === ufragOf(b.localDescription) &&
    ufragOf(b.remoteDescription) === ufragOf(a.localDescription)
  );
}

test("a call begins with one offer, of the impolite side", async (t) => {
  const p = pair(t);
  await quiet();
  assert.ok(agreed(p));
  assert.deepEqual([p.impolite.sent.filter((k) => k !== "candidate"), p.polite.sent.filter((k) => k !== "candidate")], [["offer"], ["answer"]]);
  assert.ok(p.impolite.pc.applied.length === 2 && p.polite.pc.applied.length === 2, "every candidate was taken");
});

test("glare: the polite side gives way, the impolite one ignores, and no candidate of the ignored offer is taken or complained of", async (t) => {
  const p = pair(t, { resumed: true });
  p.impolite.held = p.polite.held = true; // both offer before either hears the other
  await quiet();
  assert.deepEqual([p.impolite.pc.signalingState, p.polite.pc.signalingState], ["have-local-offer", "have-local-offer"]);
  const ignored = ufragOf(p.polite.pc.localDescription);
  p.impolite.held = p.polite.held = false;
  p.impolite.take();
  p.polite.take();
  await quiet();
  assert.ok(agreed(p));
  assert.deepEqual([p.impolite.pc.rollbacks, p.polite.pc.rollbacks], [0, 1]);
  assert.equal(p.impolite.sent.filter((k) => k === "answer").length, 0);
  assert.ok(!p.impolite.pc.applied.includes(ignored!));
  assert.deepEqual([p.impolite.trouble, p.polite.trouble], [[], []]);
});

test("an offer that comes while the impolite side still makes its own is ignored, too", async (t) => {
  const p = pair(t, { resumed: true });
  FakePeer.pace = (peer) => (peer === p.impolite.pc ? 8 : 0);
  p.impolite.held = true;
  while (p.impolite.inbox.length === 0) await turn();
  assert.equal(p.impolite.pc.localDescription, null, "it still makes it");
  p.impolite.held = false;
  p.impolite.take();
  await quiet();
  assert.ok(agreed(p));
  assert.equal(p.impolite.pc.rollbacks, 0);
  assert.equal(p.impolite.sent.includes("answer"), false);
});

test("glare in a running call: the offer that gave way comes again", async (t) => {
  const p = pair(t);
  await quiet();
  const before = [ufragOf(p.impolite.pc.localDescription), ufragOf(p.polite.pc.localDescription)];
  p.impolite.held = p.polite.held = true;
  await p.polite.call.setTrack("audio", { kind: "audio" } as MediaStreamTrack);
  p.polite.call.restart();
  p.impolite.call.restart();
  await quiet();
  p.impolite.held = p.polite.held = false;
  p.impolite.take();
  p.polite.take();
  await quiet();
  assert.ok(agreed(p));
  assert.equal(p.polite.pc.rollbacks, 1);
  assert.notEqual(ufragOf(p.impolite.pc.localDescription), before[0]);
  assert.notEqual(ufragOf(p.polite.pc.localDescription), before[1]);
  assert.deepEqual([p.impolite.trouble, p.polite.trouble], [[], []]);
});

test("a failed connection is restarted with fresh credentials; one that is interrupted gets a moment first", async (t) => {
  const p = pair(t);
  await quiet();
  const before = ufragOf(p.polite.pc.localDescription);
  p.polite.pc.become("connected");
  p.polite.pc.become("disconnected");
  await quiet();
  assert.equal(p.polite.call.link, "interrupted");
  assert.equal(ufragOf(p.polite.pc.localDescription), before, "it often mends itself");
  p.polite.pc.become("failed");
  await quiet();
  assert.ok(agreed(p));
  assert.notEqual(ufragOf(p.polite.pc.localDescription), before);
  assert.equal(p.polite.sent.filter((k) => k === "offer").length, 1);
});

test("a restart amid the other's offer does not come out as its answer", async (t) => {
  const p = pair(t);
  // The polite side may not offer before the other did: the browser asked, and is put off.
  p.polite.held = true;
  await quiet();
  await p.polite.call.setTrack("audio", { kind: "audio" } as MediaStreamTrack);
  await quiet();
  FakePeer.pace = () => 3;
  p.polite.held = false;
  p.polite.take();
  await turn();
  p.polite.call.restart();
  await quiet();
  assert.ok(agreed(p));
  assert.deepEqual([p.impolite.trouble, p.polite.trouble], [[], []]);
});

test("an answer to an offer that was taken back is no trouble", async (t) => {
  const p = pair(t);
  await quiet();
  await p.impolite.call.signal("answer", p.polite.pc.localDescription!.sdp);
  await quiet();
  assert.ok(agreed(p));
  assert.deepEqual(p.impolite.trouble, []);
});

test("the other's reloaded page gets a connection of its own", async (t) => {
  const p = pair(t);
  await quiet();
  const old = p.impolite.pc;
  const reloaded = new Side(true, { resumed: true });
  t.after(() => reloaded.call.close());
  p.polite.call.close();
  reloaded.other = p.impolite;
  p.impolite.other = reloaded;
  await quiet();
  const fresh = FakePeer.made.at(-1)!;
  assert.equal(old.signalingState, "closed");
  assert.equal(fresh.signalingState, "stable");
  assert.equal(ufragOf(fresh.remoteDescription), ufragOf(reloaded.pc.localDescription));
  assert.equal(ufragOf(reloaded.pc.remoteDescription), ufragOf(fresh.localDescription));
});

test("whatever is wished and however slow it all is, the two agree in the end", async (t) => {
  for (let seed = 1; seed <= 150; seed++) {
    const draw = draws(seed);
    FakePeer.pace = () => draw(4);
    const p = pair(t, { resumed: draw(2) === 0 });
    const sides = [p.impolite, p.polite];
    for (const s of sides) s.held = true;
    for (let step = 0; step < 30; step++) {
      const s = sides[draw(2)]!;
      const what = draw(10);
      if (what === 0) s.call.restart();
      else if (what === 1) await s.call.setTrack(draw(2) ? "audio" : "video", { kind: "audio" } as MediaStreamTrack);
      else s.take(1 + draw(3));
      for (let i = draw(4); i > 0; i--) await turn();
    }
    for (const s of sides) {
      s.held = false;
      s.take();
    }
    await quiet();
    // An answer may meet a repeated offer: then ICE fails, and a restart mends it.
    for (let round = 0; round < 2 && !agreed(p); round++) {
      p.impolite.pc.become("failed");
      await quiet();
    }
    assert.ok(agreed(p), `seed ${seed}: ${p.impolite.pc.signalingState} ${p.polite.pc.signalingState}`);
    for (const s of sides) s.call.close();
  }
});
