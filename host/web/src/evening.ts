import { type Client, Reel, Refusal, type ServerEvent, type Shelf } from "napalmsky";
import { apply, nobody, onTalk, said, shunned, type State, unshunned } from "./state.ts";

const shelfKey = "sky.evening";
const enterAgainMs = 3_000;

type ReportReason = "spam" | "rude" | "underage" | "fake" | "other";

/**
 * A logged-in person's evening: what the server says of it, and their wishes.
 * It survives a reload of the tab together with the stream.
 */
export class Evening {
  readonly reel = new Reel();
  #state: State = nobody;
  #kept: State | undefined; // of the former page, until the server says what has become of it
  #paused: boolean;
  readonly #changed = new Set<() => void>();
  readonly #signalled = new Set<(call: string, kind: string, data: string) => void>();

  constructor(
    readonly client: Client,
    private readonly shelf: Shelf | undefined,
  ) {
    const kept = read(shelf);
    this.#kept = kept?.state;
    this.#paused = kept?.paused ?? false;
    client.onEvent((e) => this.#event(e));
  }

  get state(): State {
    return this.#state;
  }

  /** Whether the person wishes not to be shown. */
  get paused(): boolean {
    return this.#paused;
  }

  onChange(fn: () => void): () => void {
    this.#changed.add(fn);
    return () => this.#changed.delete(fn);
  }

  onSignal(fn: (call: string, kind: string, data: string) => void): () => void {
    this.#signalled.add(fn);
    return () => this.#signalled.delete(fn);
  }

  invite = (to: string, seconds: number) => this.client.request("invite.send", { to, seconds });
  accept = (call: string, seconds: number) => this.client.request("invite.accept", { call, seconds });
  decline = (call: string) => this.client.request("invite.decline", { call });
  rescind = (call: string) => this.client.request("invite.rescind", { call });
  keepWaiting = (call: string) => this.client.request("invite.wait", { call });
  leaveCall = (call: string) => this.client.request("call.end", { call });
  takeCall = (call: string) => this.client.request("call.take", { call });
  block = (person: string) => this.#shun(person, this.client.request("person.block", { person }));
  report = (person: string, reason: ReportReason, note: string) =>
    this.#shun(person, this.client.request("person.report", { person, reason, ...(note && { note }) }));

  async pause(busy: boolean): Promise<void> {
    await this.client.request("lobby.busy", { busy });
    this.#paused = busy;
    this.#keep();
    this.#tell();
  }

  async chat(call: string, text: string): Promise<void> {
    await this.client.request("call.chat", { call, text });
    this.#set(said(this.#state, call, { mine: true, text, at: this.client.now() }));
  }

  async share(call: string): Promise<void> {
    await this.client.request("call.share", { call });
    this.#set(onTalk(this.#state, call, (t) => ({ ...t, shared: true })));
  }

  /** Puts the ending away: back to the lobby. */
  putAway(): void {
    this.#set({ ...this.#state, ending: undefined });
  }

  /** Ends everything here: a log-out. */
  forget(): void {
    this.client.close(true);
    try {
      this.shelf?.removeItem(shelfKey);
    } catch {
      // Nothing was kept, then.
    }
  }

  /** The call's end comes before the answer, so the block is remembered first. */
  async #shun(person: string, wish: Promise<void>): Promise<void> {
    const already = this.#state.blocked.includes(person);
    this.#set(shunned(this.#state, person));
    try {
      await wish;
    } catch (e) {
      if (!already) this.#set(unshunned(this.#state, person));
      throw e;
    }
  }

  #event(e: ServerEvent): void {
    if (e.t === "reel.full") this.reel.full(e.d);
    else if (e.t === "reel.delta") this.reel.delta(e.d);
    else if (e.t === "call.signal") for (const fn of this.#signalled) fn(e.d.call, e.d.kind, e.d.data);
    if (e.t === "welcome" && (!e.d.resumed || e.d.activity === "outside")) void this.#enter();

    if (e.t === "welcome" && this.#kept) {
      const { talk, ...rest } = this.#kept;
      this.#state = { ...nobody, ...rest, ...(talk && { talk: { ...talk, resumed: true } }) };
      this.#kept = undefined;
    }
    const before = this.#state;
    this.#set(apply(before, e));
    if (e.t === "self" && before.fresh && this.#state.talk && this.#state.elsewhere === this.#state.talk.call) {
      void this.#takeBack(this.#state.talk.call);
    }
  }

  /** Comes in and asks for the reel; a resumed stream does not need to. */
  async #enter(): Promise<void> {
    try {
      await this.client.request("lobby.enter", {});
      if (this.#paused && this.#state.activity === "free") await this.client.request("lobby.busy", { busy: true });
    } catch (e) {
      if (e instanceof Refusal && (e.code === "try_again" || e.code === "rate_limited")) {
        setTimeout(() => void this.#enter(), Math.max(enterAgainMs, e.retryMs ?? 0));
      }
    }
  }

  async #takeBack(call: string): Promise<void> {
    try {
      await this.takeCall(call);
    } catch {
      if (this.#state.elsewhere === call) this.#set({ ...this.#state, talk: undefined });
    }
  }

  #set(s: State): void {
    const news = s !== this.#state;
    this.#state = s;
    if (news) this.#keep();
    this.#tell();
  }

  #keep(): void {
    if (this.#kept) return;
    try {
      this.shelf?.setItem(shelfKey, JSON.stringify({ state: this.#state, paused: this.#paused }));
    } catch {
      // Storage is full or forbidden: a reload starts afresh then.
    }
  }

  #tell(): void {
    for (const fn of [...this.#changed]) fn();
  }
}

function read(shelf: Shelf | undefined): { state: State; paused: boolean } | undefined {
  try {
    const kept = JSON.parse(shelf?.getItem(shelfKey) ?? "null") as { state: State; paused: boolean } | null;
    return kept?.state ? { state: kept.state, paused: kept.paused === true } : undefined;
  } catch {
    return undefined;
  }
}
