import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { BinaryReader } from "../src/binary.ts";
import { dictionary } from "../src/compact.gen.ts";
import { Inflater } from "../src/inflate.ts";
import { decodeServer, WireError } from "../src/wire.gen.ts";

// What the server's encoder writes; the tests run from the module's root.
interface Vectors {
  sessions: { name: string; frames: { hex: string; json: string }[] }[];
  refused: { name: string; hex: string }[];
  unknown_markers: { name: string; hex: string }[];
  inflate: { maker: string; hex: string; text: string }[];
}

const vectors = JSON.parse(readFileSync("schemas/wire/v1/vectors.json", "utf8")) as Vectors;
const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, "hex"));

for (const s of vectors.sessions) {
  test(`binary frames say what their JSON says: ${s.name}`, () => {
    assert.ok(s.frames.length > 5);
    const r = new BinaryReader();
    for (const f of s.frames) assert.deepEqual(r.read(bytes(f.hex)), decodeServer(f.json), f.json.slice(0, 80));
  });
}

test("broken frames and unknown markers are refused", () => {
  const all = [...vectors.refused, ...vectors.unknown_markers];
  assert.ok(all.length > 8);
  for (const x of all) assert.throws(() => new BinaryReader().read(bytes(x.hex)), WireError, x.name);
});

test("cutting a frame anywhere is noticed or harmless, never a crash", () => {
  for (const s of vectors.sessions) {
    const r = new BinaryReader();
    for (const f of s.frames) {
      const whole = bytes(f.hex);
      for (let n = 0; n < whole.length; n += 1 + (n >> 5)) {
        try {
          new BinaryReader().read(whole.subarray(0, n));
        } catch (e) {
          assert.ok(e instanceof WireError, `${f.json.slice(0, 60)} cut at ${n}: ${e}`);
        }
      }
      r.read(whole);
    }
  }
});

test("an event of a later version is none, but has its number", () => {
  const { env, event } = new BinaryReader().read(new Uint8Array([0x70, 42, 1, 2, 3]));
  assert.equal(event, null);
  assert.equal(env.seq, 42);
});

test("deflate of other makers is inflated, again and again", () => {
  assert.ok(vectors.inflate.length >= 3);
  const i = new Inflater(new TextEncoder().encode(dictionary), 1 << 16);
  for (const x of [...vectors.inflate, ...vectors.inflate]) {
    assert.equal(new TextDecoder().decode(i.inflate(bytes(x.hex))), x.text, x.maker);
  }
  const tight = new Inflater(new TextEncoder().encode(dictionary), 1000);
  for (const x of vectors.inflate) assert.throws(() => tight.inflate(bytes(x.hex)), /too much/, x.maker);
});
