import assert from "node:assert/strict";
import { test } from "node:test";
import { Call, type Link } from "../src/call.ts";

const configured: unknown[] = [];

/** A connection through which nothing ever comes. */
class DeadConnection {
  connectionState = "new";
  signalingState = "stable";
  localDescription: { type: string; sdp: string } | null = null;
  remoteDescription: { type: string; sdp: string } | null = null;
  addTransceiver() {}
  getTransceivers = () => [{}];
  restartIce() {}
  setConfiguration(c: unknown) {
    configured.push(c);
  }
  close() {}
  async setRemoteDescription(d: { type: string; sdp: string }) {
    this.remoteDescription = d;
  }
  async setLocalDescription() {
    this.localDescription = { type: "answer", sdp: "" };
  }
}

test("only who answers can be out of reach: silence is no failing network", async (t) => {
  Object.assign(globalThis, { RTCPeerConnection: DeadConnection, MediaStream: class {} });
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const links: Link[] = [];
  const call = new Call({ polite: true, iceServers: [], tracks: [], send: () => {}, onLink: (l) => links.push(l) });
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
  call.close();
});

test("fresh logins reach the running connection, and none that is closed", () => {
  Object.assign(globalThis, { RTCPeerConnection: DeadConnection, MediaStream: class {} });
  configured.length = 0;
  const call = new Call({ polite: true, iceServers: [{ urls: ["turn:old"] }], tracks: [], send: () => {} });
  const fresh = [{ urls: ["turn:relay"], username: "u2", credential: "c2" }];
  call.renew(fresh);
  assert.deepEqual(configured, [{ iceServers: fresh }]);
  call.close();
  call.renew(fresh);
  assert.equal(configured.length, 1);
});
