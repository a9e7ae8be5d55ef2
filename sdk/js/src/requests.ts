import type { Clock } from "./clock.ts";

/** A request that changed nothing. Codes of the server's own, or of this client: offline, lost, no_answer, closed. */
export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(
    readonly code: string,
    readonly field?: string,
    /** Unix ms of the server's clock when the refusal ends, where that is known. */
    readonly until?: number,
    readonly retryMs?: number,
    message?: string,
  ) {
    super(message || code);
  }
}

interface Waiting {
  resolve(): void;
  reject(r: Refusal): void;
  cancel(): void;
}

/** Requests that were sent and not answered yet, by their ref. */
export class Requests {
  #ref: number;
  readonly #waiting = new Map<number, Waiting>();

  constructor(
    private readonly clock: Clock,
    random: () => number = Math.random,
    private readonly patienceMs = 10_000,
  ) {
    // After a reload the answers to the former page's requests may still be
    // replayed; a random beginning keeps them from answering ours.
    this.#ref = 1 + Math.floor(random() * 0x3fff_ffff);
  }

  /** Numbers a request. late is called when nobody answered in time. */
  open(late: () => void): { ref: number; answer: Promise<void> } {
    const ref = this.#ref;
    this.#ref = ref >= 0x7fff_ffff ? 1 : ref + 1;
    const answer = new Promise<void>((resolve, reject) => {
      const cancel = this.clock.after(this.patienceMs, () => {
        this.fail(ref, new Refusal("no_answer"));
        late();
      });
      this.#waiting.set(ref, { resolve, reject, cancel });
    });
    return { ref, answer };
  }

  done(ref: number): void {
    this.#take(ref)?.resolve();
  }

  fail(ref: number, why: Refusal): void {
    this.#take(ref)?.reject(why);
  }

  failAll(code: string): void {
    for (const ref of [...this.#waiting.keys()]) this.fail(ref, new Refusal(code));
  }

  #take(ref: number): Waiting | undefined {
    const w = this.#waiting.get(ref);
    this.#waiting.delete(ref);
    w?.cancel();
    return w;
  }
}
