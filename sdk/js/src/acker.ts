import type { Clock } from "./clock.ts";

/**
 * Acknowledges reliable events: soon after the last one, or at once when many
 * are open, because the server keeps only 16 KB of them.
 */
export class Acker {
  #seq = 0;
  #open = 0;
  #cancel: (() => void) | undefined;

  constructor(
    private readonly clock: Clock,
    private readonly send: (seq: number) => void,
    private readonly delayMs = 200,
    private readonly most = 8,
  ) {}

  note(seq: number): void {
    if (seq > this.#seq) this.#seq = seq;
    this.#open++;
    if (this.#open >= this.most) {
      this.flush();
    } else {
      this.#cancel ??= this.clock.after(this.delayMs, () => this.flush());
    }
  }

  flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#open === 0) return;
    this.#open = 0;
    this.send(this.#seq);
  }

  /** The socket is gone: hello will say the place instead. */
  reset(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#open = 0;
    this.#seq = 0;
  }
}
