import { compact, dictionary, type Member, type Shape } from "./compact.gen.ts";
import { Inflater } from "./inflate.ts";
import { type Card, checkFrame, decodeServer, type Entry, type Frame, WireError } from "./wire.gen.ts";

// The binary encoding, as a client reads it: schemas/wire/v1/README.md has every byte.

const markJSON = 0x00;
const markPacked = 0x01;
const firstCode = 0x10;
const ownFrame = 0x80;
const slots = 64;
const slotBusy = 0x40;
const slotCard = 0x80;
const textMost = 64 << 10;

const utf8 = new TextDecoder("utf-8", { fatal: true });
const inflater = new Inflater(new TextEncoder().encode(dictionary), textMost);

/** Reads the binary frames of one socket. What it gives is what the same event in JSON gives. */
export class BinaryReader {
  #lobby = "";
  #epoch = "";
  readonly #cards = new Array<Card | undefined>(slots);

  /** Throws WireError if the frame is broken; nothing after it on this socket can be trusted then. */
  read(bytes: Uint8Array): Frame {
    const mark = bytes[0];
    const body = bytes.subarray(1);
    if (mark === undefined) throw new WireError("frame: empty");
    if (mark === markJSON) return decodeServer(text(body));
    if (mark === markPacked) return decodeServer(text(inflater.inflate(body)));
    const code = mark & ~ownFrame;
    if (code < firstCode) throw new WireError(`frame: unknown marker ${mark}`);

    const r = new Cursor(body);
    const seq = r.uint();
    const [t, members] = compact[code - firstCode] ?? ["of a later version", []];
    if (t === "welcome") [this.#lobby, this.#epoch] = [r.text(), r.text()];
    const own = (mark & ownFrame) !== 0;
    const d = members ? r.object(members) : t === "reel.full" ? this.#full(r) : this.#delta(r);
    return checkFrame({ t, lobby: own ? "" : this.#lobby, epoch: own ? "" : this.#epoch, seq, d });
  }

  #full(r: Cursor): unknown {
    return { at: r.int(), gen: r.text(), entries: this.#entries(r) };
  }

  #delta(r: Cursor): unknown {
    const at = r.int();
    const lists = r.byte();
    if (lists & 1) {
      r.list(() => {
        const slot = r.byte();
        if (slot >= slots) throw new WireError("frame: a slot that cannot be");
        this.#cards[slot] = r.card() as Card;
      });
    }
    const person = () => this.#held(r.byte()).id;
    let score = 0;
    return {
      at,
      ...(lists & 2 && { gone: r.list(person) }),
      ...(lists & 4 && { put: this.#entries(r) }),
      ...(lists & 8 && { score: r.list(() => ({ id: person(), score: (score += r.int()) })) }),
      ...(lists & 16 && { busy: r.list(person) }),
      ...(lists & 32 && { free: r.list(person) }),
    };
  }

  #entries(r: Cursor): Entry[] {
    let score = 0;
    return r.list(() => {
      const head = r.byte();
      const slot = head % slots;
      if (head & slotCard) this.#cards[slot] = r.card() as Card;
      const card = this.#held(slot);
      score += r.int();
      return head & slotBusy ? { card, score, busy: true } : { card, score };
    });
  }

  #held(slot: number): Card {
    const card = this.#cards[slot];
    if (!card) throw new WireError("frame: names a card that was never sent");
    return card;
  }
}

function text(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new WireError("frame: a text is not UTF-8");
  }
}

/** Reads the compact form from beginning to end. */
class Cursor {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  byte(): number {
    const b = this.bytes[this.#at++];
    if (b === undefined) throw new WireError("frame: ends too early");
    return b;
  }

  /** Up to 2^53; ids are greater, see id. */
  uint(): number {
    let v = 0;
    for (let unit = 1; ; unit *= 128) {
      const b = this.byte();
      v += (b & 0x7f) * unit;
      if (v > Number.MAX_SAFE_INTEGER) throw new WireError("frame: a number is too big");
      if (b < 128) return v;
    }
  }

  /** Zigzag: the lowest bit is the sign. Read apart, since all of it may need 54 bits. */
  int(): number {
    const first = this.byte();
    let v = (first & 0x7f) >> 1;
    for (let unit = 64, b = first; b >= 128; unit *= 128) {
      b = this.byte();
      v += (b & 0x7f) * unit;
      if (v > Number.MAX_SAFE_INTEGER) throw new WireError("frame: a number is too big");
    }
    return first & 1 ? -v - 1 : v;
  }

  id(): string {
    let v = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const b = this.byte();
      v |= BigInt(b & 0x7f) << shift;
      if (shift > 63n) throw new WireError("frame: an id is too big");
      if (b < 128) return String(v);
    }
  }

  bool(): boolean {
    const b = this.byte();
    if (b > 1) throw new WireError("frame: neither true nor false");
    return b === 1;
  }

  text(): string {
    const head = this.uint();
    const n = Math.floor(head / 2);
    if (n > this.bytes.length - this.#at) throw new WireError("frame: announces more than it holds");
    const raw = this.bytes.subarray(this.#at, (this.#at += n));
    return text(head % 2 ? inflater.inflate(raw) : raw);
  }

  card(): unknown {
    try {
      return JSON.parse(this.text());
    } catch (e) {
      if (e instanceof WireError) throw e;
      throw new WireError("frame: a card is not JSON");
    }
  }

  list<T>(one: () => T): T[] {
    const n = this.uint();
    if (n > this.bytes.length - this.#at) throw new WireError("frame: announces more than it holds");
    return Array.from({ length: n }, one);
  }

  object(members: Member[]): Record<string, unknown> {
    const d: Record<string, unknown> = {};
    let has = members.some((m) => m[2]) ? this.uint() : 0;
    for (const [name, shape, optional] of members) {
      if (optional) {
        const here = has % 2 === 1;
        has = Math.floor(has / 2);
        if (!here) continue;
        d[name] = shape === "bool" ? true : this.value(shape); // a flag's bit says it all
      } else {
        d[name] = this.value(shape);
      }
    }
    return d;
  }

  value(shape: Shape): unknown {
    switch (shape) {
      case "id":
        return this.id();
      case "int":
        return this.int();
      case "bool":
        return this.bool();
      case "text":
        return this.text();
      case "card":
        return this.card();
    }
    if ("list" in shape) return this.list(() => this.value(shape.list));
    if ("object" in shape) return this.object(shape.object);
    const i = this.byte();
    if (i > shape.words.length) throw new WireError("frame: a word that is none");
    return i === 0 ? this.text() : shape.words[i - 1];
  }
}
