import { WireError } from "./wire.gen.ts";

// Raw deflate (RFC 1951) with a preset window, which no browser's own
// decompression offers. Written for small texts: no tables, a bit at a time.

const lengthBase = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const lengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const distBase = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
const distExtra = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const codeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** A canonical Huffman code: how many codes there are of each length, and the symbols in their order. */
interface Code {
  count: Uint16Array;
  symbol: Uint16Array;
}

function code(lengths: ArrayLike<number>): Code {
  const count = new Uint16Array(16);
  for (let i = 0; i < lengths.length; i++) count[lengths[i]!]!++;
  const at = new Uint16Array(16);
  let left = 1;
  for (let n = 1; n < 16; n++) {
    left = left * 2 - count[n]!;
    if (left < 0) damaged();
    if (n < 15) at[n + 1] = at[n]! + count[n]!;
  }
  const symbol = new Uint16Array(lengths.length);
  for (let i = 0; i < lengths.length; i++) if (lengths[i]) symbol[at[lengths[i]!]!++] = i;
  count[0] = 0;
  return { count, symbol };
}

const fixedLengths = code(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8)));
const fixedDists = code(new Uint8Array(30).fill(5));

function damaged(): never {
  throw new WireError("frame: damaged deflate");
}

/** Inflates one text after another, each on its own, with the same dictionary before it. */
export class Inflater {
  #out: Uint8Array<ArrayBuffer>; // the dictionary, then the text
  #n = 0;
  #in: Uint8Array = new Uint8Array();
  #at = 0;
  #bits = 0;
  #have = 0;

  constructor(
    private readonly dictionary: Uint8Array,
    /** The longest text, in bytes; a longer one is refused. */
    private readonly most: number,
  ) {
    this.#out = new Uint8Array(dictionary.length + 4096);
    this.#out.set(dictionary);
  }

  /** The text, valid until the next call. Throws WireError if it is damaged or too long. */
  inflate(packed: Uint8Array): Uint8Array {
    this.#in = packed;
    this.#at = this.#bits = this.#have = 0;
    this.#n = this.dictionary.length;
    for (let last = 0; !last; ) {
      last = this.#take(1);
      const kind = this.#take(2);
      if (kind === 0) this.#stored();
      else if (kind === 1) this.#block(fixedLengths, fixedDists);
      else if (kind === 2) this.#block(...this.#codes());
      else damaged();
    }
    if (this.#at !== packed.length) damaged();
    return this.#out.subarray(this.dictionary.length, this.#n);
  }

  /** The next n bits, the first of them lowest. */
  #take(n: number): number {
    while (this.#have < n) {
      if (this.#at >= this.#in.length) damaged();
      this.#bits |= this.#in[this.#at++]! << this.#have;
      this.#have += 8;
    }
    const v = this.#bits & ((1 << n) - 1);
    this.#bits >>>= n;
    this.#have -= n;
    return v;
  }

  #symbol(c: Code): number {
    let word = 0;
    let first = 0;
    let index = 0;
    for (let n = 1; n < 16; n++) {
      word |= this.#take(1);
      const count = c.count[n]!;
      if (word - count < first) return c.symbol[index + word - first]!;
      index += count;
      first = (first + count) << 1;
      word <<= 1;
    }
    damaged();
  }

  #room(n: number): void {
    const need = this.#n + n;
    if (need > this.dictionary.length + this.most) throw new WireError("frame: unpacks to too much");
    if (need <= this.#out.length) return;
    const bigger = new Uint8Array(Math.max(need, 2 * this.#out.length));
    bigger.set(this.#out);
    this.#out = bigger;
  }

  #stored(): void {
    this.#bits = this.#have = 0; // up to the next whole byte
    const [a, b, c, d] = this.#in.subarray(this.#at, (this.#at += 4));
    const n = a! | (b! << 8);
    if (d === undefined || n !== (~(c! | (d << 8)) & 0xffff) || this.#at + n > this.#in.length) damaged();
    this.#room(n);
    this.#out.set(this.#in.subarray(this.#at, this.#at + n), this.#n);
    this.#at += n;
    this.#n += n;
  }

  #codes(): [Code, Code] {
    const lengths = this.#take(5) + 257;
    const dists = this.#take(5) + 1;
    const n = this.#take(4) + 4;
    const of = new Uint8Array(19);
    for (let i = 0; i < n; i++) of[codeOrder[i]!] = this.#take(3);
    const ofLengths = code(of);
    const all = new Uint8Array(lengths + dists);
    for (let i = 0; i < all.length; ) {
      const s = this.#symbol(ofLengths);
      if (s < 16) {
        all[i++] = s;
        continue;
      }
      if (s === 16 && i === 0) damaged();
      const value = s === 16 ? all[i - 1]! : 0;
      const times = s === 16 ? 3 + this.#take(2) : s === 17 ? 3 + this.#take(3) : 11 + this.#take(7);
      if (i + times > all.length) damaged();
      all.fill(value, i, (i += times));
    }
    return [code(all.subarray(0, lengths)), code(all.subarray(lengths))];
  }

  #block(lengths: Code, dists: Code): void {
    for (;;) {
      const s = this.#symbol(lengths);
      if (s === 256) return;
      if (s < 256) {
        this.#room(1);
        this.#out[this.#n++] = s;
        continue;
      }
      if (s > 285) damaged();
      const n = lengthBase[s - 257]! + this.#take(lengthExtra[s - 257]!);
      const d = this.#symbol(dists);
      if (d > 29) damaged();
      const from = this.#n - distBase[d]! - this.#take(distExtra[d]!);
      if (from < 0) damaged();
      this.#room(n);
      for (let i = 0; i < n; i++) this.#out[this.#n + i] = this.#out[from + i]!;
      this.#n += n;
    }
  }
}
