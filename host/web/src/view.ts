/** One thing on the screen. */
export interface View {
  el: HTMLElement;
  /** The evening changed. */
  update?(): void;
  /** It leaves the screen: stop timers, let go of devices. */
  close?(): void;
}

/** Calls fn now and four times a second; the returned function ends it. */
export function ticking(fn: () => void): () => void {
  fn();
  const id = setInterval(fn, 250);
  return () => clearInterval(id);
}
