import type { Entry, ServerReelDelta, ServerReelFull } from "./wire.ts";

/** The reel of one viewer: who is here, ranked. Apply what the server sends, read list(). */
export class Reel {
  #entries = new Map<string, Entry>();
  #at = 0;
  #gen = "";
  #known = false;
  #sorted: Entry[] | undefined;

  /** The lobby's sequence number the reel reflects. */
  get at(): number {
    return this.#at;
  }

  /** The generation of the policy that ranked it. */
  get gen(): string {
    return this.#gen;
  }

  /** Whether a whole reel has arrived since the last clear. */
  get known(): boolean {
    return this.#known;
  }

  full(u: ServerReelFull): void {
    this.#entries = new Map(u.entries.map((e) => [e.card.id, e]));
    this.#at = u.at;
    this.#gen = u.gen;
    this.#known = true;
    this.#sorted = undefined;
  }

  /**
   * Applies gone, put, score, busy, free in this order. A delta that is older
   * than the reel, or that comes before a whole one, is ignored (false).
   */
  delta(u: ServerReelDelta): boolean {
    if (!this.#known || u.at < this.#at) return false;
    for (const id of u.gone ?? []) this.#entries.delete(id);
    for (const e of u.put ?? []) this.#entries.set(e.card.id, e);
    for (const s of u.score ?? []) this.#change(s.id, { score: s.score });
    for (const id of u.busy ?? []) this.#change(id, { busy: true });
    for (const id of u.free ?? []) this.#change(id, { busy: false });
    this.#at = u.at;
    this.#sorted = undefined;
    return true;
  }

  clear(): void {
    this.#entries.clear();
    this.#known = false;
    this.#sorted = undefined;
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  /** Highest score first, then the smaller id. The array is shared: do not change it. */
  list(): readonly Entry[] {
    this.#sorted ??= [...this.#entries.values()].sort((a, b) => b.score - a.score || compareIDs(a.card.id, b.card.id));
    return this.#sorted;
  }

  #change(id: string, what: Partial<Entry>): void {
    const e = this.#entries.get(id);
    if (e) this.#entries.set(id, { ...e, ...what });
  }
}

/** Ids are decimal numbers too large for a double, without leading zeros. */
export function compareIDs(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
