import type { Clock } from "../src/clock.ts";
import type { SocketLike } from "../src/client.ts";
import type { Shelf } from "../src/memory.ts";

/** A clock that moves only when told to. */
export class FakeClock implements Clock {
  #now = 1_000_000;
  #due: { at: number; fn: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, fn: () => void): () => void {
    const item = { at: this.#now + ms, fn };
    this.#due.push(item);
    return () => {
      this.#due = this.#due.filter((d) => d !== item);
    };
  }

  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#due.filter((d) => d.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#due = this.#due.filter((d) => d !== next);
      this.#now = next.at;
      next.fn();
    }
    this.#now = end;
  }
}

export class FakeShelf implements Shelf {
  readonly items = new Map<string, string>();
  getItem = (k: string) => this.items.get(k) ?? null;
  setItem = (k: string, v: string) => void this.items.set(k, v);
  removeItem = (k: string) => void this.items.delete(k);
}

/** The server's end of one socket. */
export class FakeSocket implements SocketLike {
  onopen: ((ev: any) => void) | null = null;
  onmessage: ((ev: any) => void) | null = null;
  onclose: ((ev: any) => void) | null = null;
  readonly sent: { t: string; ref?: number; d: any }[] = [];
  closedWith: number | undefined;
  binaryType = "blob";
  protocol = "";

  constructor(readonly offered: string[] = ["sky.v1.json"]) {}

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(code?: number): void {
    this.closedWith = code ?? 1005;
  }

  open(protocol = this.offered.at(-1)!): void {
    this.protocol = protocol;
    this.onopen?.({});
  }

  push(t: string, d: unknown, seq?: number, epoch = "e1"): void {
    this.onmessage?.({ data: JSON.stringify({ t, lobby: "main", epoch, seq, d }) });
  }

  pushBytes(bytes: Uint8Array): void {
    this.onmessage?.({ data: bytes.slice().buffer });
  }

  welcome(resumed: boolean, epoch = "e1", now = 5_000_000): void {
    this.push("welcome", { you: "7", stream: "11", resumed, now, activity: "outside" }, undefined, epoch);
  }

  drop(code: number): void {
    this.onclose?.({ code, reason: "" });
  }

  frames(t: string): { t: string; ref?: number; d: any }[] {
    return this.sent.filter((f) => f.t === t);
  }
}
