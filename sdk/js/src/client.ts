import { Acker } from "./acker.ts";
import { BinaryReader } from "./binary.ts";
import { Backoff } from "./backoff.ts";
import { type Clock, systemClock } from "./clock.ts";
import { Close, verdict } from "./close.ts";
import { Memory, type Shelf } from "./memory.ts";
import { Refusal, Requests } from "./requests.ts";
import {
  type ClientData,
  type ClientEvent,
  type ClientName,
  decodeServer,
  encodeClient,
  type Envelope,
  type Frame,
  type ServerData,
  type ServerEvent,
  type ServerName,
} from "./wire.ts";

/** The part of a WebSocket that is used. */
export interface SocketLike {
  binaryType: string;
  /** The subprotocol the server chose; "" until it is open. */
  readonly protocol: string;
  onopen: ((ev: any) => void) | null;
  onmessage: ((ev: any) => void) | null;
  onclose: ((ev: any) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface Options {
  /** ws:// or wss:// address of /v1/ws. Never carries a token. */
  url: string;
  /** Only where there is no session cookie. */
  token?: string;
  /** How the server writes: binary where it can (the default), or JSON, which is easier to watch. */
  encoding?: Encoding;
  /** Where the stream's place is kept; sessionStorage by default, null for nowhere. */
  shelf?: Shelf | null;
  /** Told about frames that could not be read, errors nobody asked for, and listeners that threw. */
  onTrouble?: (what: unknown) => void;
  // Ports for tests.
  socket?: (url: string, protocols: string[]) => SocketLike;
  clock?: Clock;
  random?: () => number;
}

export type Status =
  | { state: "connecting"; attempt: number }
  | { state: "online"; resumed: boolean }
  /** Between two attempts; `until` is this machine's time of the next one, `code` the end of the last socket (0: not told). */
  | { state: "waiting"; attempt: number; until: number; code: number }
  /** Not coming back by itself; retry() tries again. */
  | { state: "stopped"; code: number; reason: string };

export type Encoding = "binary" | "json";

const protocols: Record<Encoding, string> = { binary: "sky.v1.bin", json: "sky.v1.json" };
const welcomeWithinMs = 10_000;
const steadyAfterMs = 5_000;
const mostQueued = 64;

/** Opens the socket and keeps it. One client is one stream: one browser tab. */
export function connect(o: Options): Client {
  const c = new Client(o);
  c.retry();
  return c;
}

export class Client {
  readonly #clock: Clock;
  readonly #memory: Memory;
  readonly #requests: Requests;
  readonly #acker: Acker;
  readonly #backoff: Backoff;
  readonly #eventFns = new Set<(e: ServerEvent) => void>();
  readonly #statusFns = new Set<(s: Status) => void>();

  #status: Status = { state: "stopped", code: 0, reason: "" };
  #socket: SocketLike | undefined;
  #binary: BinaryReader | undefined; // of this socket, once it spoke so
  #plain: boolean; // only JSON is asked for
  #cancelTimer: () => void = () => {};
  #welcomedAt: number | undefined;
  #helloAt = 0;
  #offset = 0;
  #bye: ServerData<"bye"> | undefined;
  #queue: string[] = [];
  #reelAt = 0; // of the reel this page holds; a reload holds none, so it is not kept on the shelf

  constructor(private readonly o: Options) {
    this.#clock = o.clock ?? systemClock;
    this.#plain = o.encoding === "json";
    this.#memory = new Memory(o.shelf === undefined ? sessionShelf() : (o.shelf ?? undefined), "sky.stream");
    this.#requests = new Requests(this.#clock, o.random);
    this.#acker = new Acker(this.#clock, (seq) => this.#write("ack", { seq }));
    this.#backoff = new Backoff(o.random);
  }

  get status(): Status {
    return this.#status;
  }

  /** How the server writes on the present socket; undefined without one. */
  get encoding(): Encoding | undefined {
    const p = this.#socket?.protocol;
    return p === undefined ? undefined : p === protocols.binary ? "binary" : "json";
  }

  /** Unix ms on the server's clock: compare deadlines with this. */
  now(): number {
    return this.#clock.now() + this.#offset;
  }

  /** Calls fn at each event of one type; the returned function ends that. */
  on<T extends ServerName>(t: T, fn: (d: ServerData<T>) => void): () => void {
    return this.onEvent((e) => {
      if (e.t === t) fn(e.d as ServerData<T>);
    });
  }

  /** Calls fn at every event, in the server's order. */
  onEvent(fn: (e: ServerEvent) => void): () => void {
    this.#eventFns.add(fn);
    return () => this.#eventFns.delete(fn);
  }

  onStatus(fn: (s: Status) => void): () => void {
    this.#statusFns.add(fn);
    return () => this.#statusFns.delete(fn);
  }

  /**
   * Asks for something. Resolves when the server did it (durably, where it
   * promises so), rejects with a Refusal. Needs the connection: without one it
   * is refused as `offline`, since a wish is stale by the time it is back.
   */
  request<T extends ClientName>(t: T, d: ClientData<T>): Promise<void> {
    if (this.#status.state !== "online") return Promise.reject(new Refusal("offline"));
    const socket = this.#socket;
    const { ref, answer } = this.#requests.open(() => {
      // A socket that swallows requests is dead, whatever the browser believes.
      if (socket === this.#socket) this.reconnect();
    });
    this.#write(t, d, ref);
    return answer;
  }

  /** Sends without wanting an answer; kept across a short break that the stream survives. */
  tell<T extends ClientName>(t: T, d: ClientData<T>): void {
    if (this.#status.state === "online") {
      this.#write(t, d);
    } else if (this.#queue.length < mostQueued) {
      this.#queue.push(encodeClient({ t, d } as ClientEvent));
    }
  }

  /** Connects now: ends a wait, or a stop. A running attempt or connection is left alone. */
  retry(): void {
    if (this.#socket) return;
    this.#cancelTimer();
    this.#dial();
  }

  /** Lets go of the present socket and resumes on a new one (the network changed). */
  reconnect(): void {
    this.#release(1000);
    this.#cancelTimer();
    this.#dial();
  }

  /** Closes for good; forget also gives up the stream (a log-out, or a fresh start). */
  close(forget = false): void {
    this.#cancelTimer();
    this.#release(1000);
    if (forget) {
      this.#memory.forget();
      this.#reelAt = 0;
    }
    this.#stop(1000, "closed here");
  }

  #dial(): void {
    this.#bye = undefined;
    this.#set({ state: "connecting", attempt: this.#backoff.attempt });
    let s: SocketLike;
    try {
      const offered = this.#plain ? [protocols.json] : [protocols.binary, protocols.json];
      s = (this.o.socket ?? ((u, p) => new WebSocket(u, p)))(this.o.url, offered);
      s.binaryType = "arraybuffer";
    } catch (e) {
      this.o.onTrouble?.(e);
      this.#wait(0);
      return;
    }
    this.#socket = s;
    this.#binary = undefined;
    s.onopen = () => {
      if (s === this.#socket) this.#hello();
    };
    s.onmessage = (ev) => {
      if (s === this.#socket) this.#receive(ev.data);
    };
    s.onclose = (ev) => {
      if (s === this.#socket) this.#closed(ev.code, ev.reason);
    };
    this.#cancelTimer = this.#clock.after(welcomeWithinMs, () => {
      this.#release(1000);
      this.#wait(0);
    });
  }

  #hello(): void {
    this.#helloAt = this.#clock.now();
    this.#write("hello", { ...(this.o.token && { token: this.o.token }), ...this.#memory.place, ...(this.#reelAt > 0 && { at: this.#reelAt }) });
  }

  #receive(data: unknown): void {
    let frame: Frame;
    try {
      frame = this.#decode(data);
    } catch (e) {
      this.o.onTrouble?.(e);
      if (this.#binary) {
        // Frames build on each other here, so the rest cannot be trusted: come back in JSON.
        this.#plain = true;
        this.reconnect();
      }
      return;
    }
    const { env, event } = frame; // event is null if it is newer than this client
    const reliable = env.seq > 0;
    if (event && (!reliable || this.#memory.isNew(env.seq))) {
      this.#own(env, event);
      this.#publish(event);
      if (event.t === "reel.full" || event.t === "reel.delta") this.#reelAt = event.d.at;
    }
    if (reliable) {
      // Only now: a page that dies before its listeners ran gets the event again.
      this.#memory.handled(env.seq);
      this.#acker.note(env.seq);
    }
  }

  #decode(data: unknown): Frame {
    if (typeof data === "string") return decodeServer(data);
    if (this.encoding !== "binary") throw new Error("a binary frame, though JSON was agreed");
    this.#binary ??= new BinaryReader();
    return this.#binary.read(new Uint8Array(data as ArrayBuffer));
  }

  /** The events that are the client's own business. */
  #own(env: Envelope, e: ServerEvent): void {
    if (e.t === "welcome") this.#welcome(env.epoch, e.d);
    else if (e.t === "bye") this.#bye = e.d;
    else if (e.t === "done") this.#requests.done(e.d.ref);
    else if (e.t === "error") this.#error(e.d);
  }

  #publish(e: ServerEvent): void {
    for (const fn of [...this.#eventFns]) {
      try {
        fn(e);
      } catch (fault) {
        this.o.onTrouble?.(fault); // one listener's fault is not the stream's
      }
    }
  }

  #welcome(epoch: string, d: ServerData<"welcome">): void {
    this.#cancelTimer();
    const now = this.#clock.now();
    this.#offset = d.now + (now - this.#helloAt) / 2 - now;
    this.#welcomedAt = now;
    this.#memory.begin(d.stream, epoch, d.resumed);
    const queued = this.#queue;
    this.#queue = [];
    if (d.resumed) {
      for (const text of queued) this.#socket?.send(text);
    } else {
      this.#reelAt = 0;
      this.#requests.failAll("lost");
    }
    this.#set({ state: "online", resumed: d.resumed });
  }

  #error(d: ServerData<"error">): void {
    const r = new Refusal(d.code, d.field, d.until, d.retry_ms, d.message);
    if (d.ref) this.#requests.fail(d.ref, r);
    else this.o.onTrouble?.(r);
  }

  #closed(code: number, reason: string): void {
    this.#release();
    const bye = this.#bye;
    // A flood is mended by waiting, where the server says how long.
    if (verdict(code) === "return" || (code === Close.flood && bye?.retry_ms)) {
      this.#wait(bye?.retry_ms ?? 0, code);
    } else {
      this.#cancelTimer();
      this.#stop(code, bye?.reason || reason);
    }
  }

  #wait(atLeastMs: number, code = 0): void {
    this.#cancelTimer();
    if (this.#welcomedAt !== undefined && this.#clock.now() - this.#welcomedAt >= steadyAfterMs) this.#backoff.reset();
    this.#welcomedAt = undefined;
    const ms = this.#backoff.next(atLeastMs);
    this.#cancelTimer = this.#clock.after(ms, () => this.#dial());
    this.#set({ state: "waiting", attempt: this.#backoff.attempt, until: this.#clock.now() + ms, code });
  }

  #stop(code: number, reason: string): void {
    this.#requests.failAll("closed");
    this.#queue = [];
    this.#set({ state: "stopped", code, reason });
  }

  #release(code?: number): void {
    const s = this.#socket;
    this.#socket = undefined;
    this.#acker.reset();
    if (code !== undefined) s?.close(code);
  }

  #write<T extends ClientName>(t: T, d: ClientData<T>, ref?: number): void {
    this.#socket?.send(encodeClient({ t, d } as ClientEvent, ref));
  }

  #set(s: Status): void {
    this.#status = s;
    for (const fn of [...this.#statusFns]) fn(s);
  }
}

function sessionShelf(): Shelf | undefined {
  try {
    return globalThis.sessionStorage;
  } catch {
    return undefined; // Storage is forbidden here.
  }
}
