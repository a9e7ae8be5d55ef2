/** A soft two-note chime while it rings; off until the person switches it on. */
export class Sound {
  #on: boolean;
  #audio: AudioContext | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor() {
    this.#on = recall() === "on";
  }

  get on(): boolean {
    return this.#on;
  }

  /** Call it from a click: browsers let a page sound only then. */
  toggle(): void {
    this.#on = !this.#on;
    keep(this.#on ? "on" : "off");
    if (this.#on) this.#chime();
    else this.quiet();
  }

  ring(): void {
    if (!this.#on || this.#timer) return;
    this.#chime();
    this.#timer = setInterval(() => this.#chime(), 2600);
    navigator.vibrate?.([180, 120, 180]);
  }

  quiet(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #chime(): void {
    try {
      this.#audio ??= new AudioContext();
      void this.#audio.resume();
      this.#note(this.#audio, 587.33, 0);
      this.#note(this.#audio, 880, 0.22);
    } catch {
      // No audio here: the ring is on the screen anyway.
    }
  }

  #note(a: AudioContext, hz: number, after: number): void {
    const at = a.currentTime + after;
    const tone = new OscillatorNode(a, { frequency: hz, type: "sine" });
    const level = new GainNode(a, { gain: 0 });
    level.gain.setValueAtTime(0, at);
    level.gain.linearRampToValueAtTime(0.12, at + 0.03);
    level.gain.exponentialRampToValueAtTime(0.0005, at + 0.9);
    tone.connect(level).connect(a.destination);
    tone.start(at);
    tone.stop(at + 1);
  }
}

function recall(): string | null {
  try {
    return localStorage.getItem("sky.sound");
  } catch {
    return null;
  }
}

function keep(v: string): void {
  try {
    localStorage.setItem("sky.sound", v);
  } catch {
    // Then it is off again after a reload.
  }
}
