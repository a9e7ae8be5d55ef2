/** How long to wait between attempts: exponential, jittered, bounded. */
export class Backoff {
  #attempt = 0;

  constructor(
    private readonly random: () => number = Math.random,
    private readonly firstMs = 500,
    private readonly mostMs = 15_000,
  ) {}

  /** How many waits were handed out since the last reset. */
  get attempt(): number {
    return this.#attempt;
  }

  /**
   * The next wait in milliseconds, at least `atLeastMs` (the server's wish).
   * The upper half of each step is random, so that a thousand tabs that lost
   * one server do not return in one instant; the server's wish gets the same spread.
   */
  next(atLeastMs = 0): number {
    const step = Math.min(this.mostMs, this.firstMs * 2 ** Math.min(this.#attempt, 20));
    this.#attempt++;
    const wait = Math.max(step, atLeastMs);
    const jitter = Math.round(this.random() * (wait / 2));
    return atLeastMs >= step ? atLeastMs + jitter : Math.max(atLeastMs, Math.round(wait / 2) + jitter);
  }

  reset(): void {
    this.#attempt = 0;
  }
}
