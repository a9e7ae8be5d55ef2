/** Where a stream stands: what hello says in order to resume it. */
export interface Place {
  stream: string;
  epoch: string;
  seq: number;
}

/** The part of Storage that is used; sessionStorage in a browser. */
export interface Shelf {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/**
 * Remembers the stream's place across reloads of this tab. Storage may be full
 * or forbidden; then the place only lives as long as the page, which costs a
 * fresh start after a reload and nothing else.
 */
export class Memory {
  #place: Place | undefined;

  constructor(
    private readonly shelf: Shelf | undefined,
    private readonly key: string,
  ) {
    this.#place = read(shelf, key);
  }

  get place(): Place | undefined {
    return this.#place;
  }

  /** A welcome came: the stream goes on (resumed), or begins. */
  begin(stream: string, epoch: string, resumed: boolean): void {
    const seq = resumed ? (this.#place?.seq ?? 0) : 0;
    this.#keep({ stream, epoch, seq });
  }

  /** Whether a reliable event is new; one that was replayed once too often is not. */
  isNew(seq: number): boolean {
    return this.#place === undefined || seq > this.#place.seq;
  }

  /** Everything up to seq was handled. */
  handled(seq: number): void {
    if (this.#place && seq > this.#place.seq) this.#keep({ ...this.#place, seq });
  }

  forget(): void {
    this.#place = undefined;
    try {
      this.shelf?.removeItem(this.key);
    } catch {
      // Nothing was kept, then.
    }
  }

  #keep(place: Place): void {
    this.#place = place;
    try {
      this.shelf?.setItem(this.key, JSON.stringify(place));
    } catch {
      // See the class comment.
    }
  }
}

function read(shelf: Shelf | undefined, key: string): Place | undefined {
  try {
    const p = JSON.parse(shelf?.getItem(key) ?? "null") as Partial<Place> | null;
    if (p && typeof p.stream === "string" && typeof p.epoch === "string" && Number.isSafeInteger(p.seq) && p.seq! >= 0) {
      return { stream: p.stream, epoch: p.epoch, seq: p.seq! };
    }
  } catch {
    // Damaged or forbidden: begin afresh.
  }
  return undefined;
}
