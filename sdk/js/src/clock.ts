/** Time as the client sees it, so that tests can hold it. */
export interface Clock {
  /** Unix milliseconds of this machine. */
  now(): number;
  /** Calls fn once after ms; the returned function cancels. */
  after(ms: number, fn: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, fn) {
    const id = setTimeout(fn, ms);
    return () => clearTimeout(id);
  },
};
