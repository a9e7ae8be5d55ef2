import { Backoff } from "./backoff.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Grant } from "./grant.ts";
import { Refusal } from "./requests.ts";
import type { ICEServer } from "./wire.ts";

export interface RelaysOptions {
  /** Asks the server for a fresh grant (see grantFrom); a Refusal's retryMs is heeded. */
  fetch(): Promise<Grant>;
  /** The server's clock in Unix ms: client.now(). */
  now(): number;
  /** Told of grants that could not be had. */
  onTrouble?(what: unknown): void;
  // Ports for tests.
  clock?: Clock;
  random?: () => number;
}

/** A login that ends within this is over: making use of it takes a moment. */
const slackMs = 10_000;
/** Attempts in a row, within two minutes; after them the next round is planned. */
const mostTries = 8;

/**
 * The servers of a person's calls, whose logins end. While somebody follows
 * (a call does), fresh ones are fetched when 60 to 80 % of the time that was
 * left is over, drawn anew each time: a round of attempts that fails is
 * followed by another in the time that is left then. Logins that are over are
 * fetched when they are needed. Without a follower nothing is fetched.
 */
export class Relays {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #backoff: Backoff;
  readonly #followers = new Set<() => void>();
  #grant: Grant = { ice_servers: [] };
  #asking = false;
  #cancel: () => void = () => {};

  constructor(private readonly o: RelaysOptions) {
    this.#clock = o.clock ?? systemClock;
    this.#random = o.random ?? Math.random;
    this.#backoff = new Backoff(this.#random, 1_000, 60_000);
  }

  /** Takes what the server granted, unless newer logins are here. */
  take(g: Grant): void {
    if (g.ice_until !== undefined && this.#grant.ice_until !== undefined && g.ice_until <= this.#grant.ice_until) return;
    this.#grant = { ice_servers: g.ice_servers, ice_until: g.ice_until };
    this.#backoff.reset();
    this.#plan();
    for (const fn of [...this.#followers]) fn();
  }

  /** What can be used now: no login that is over. Where that leaves relays out, fresh ones are on their way to whoever follows. */
  servers(): ICEServer[] {
    if (this.#left() > slackMs) return this.#grant.ice_servers;
    if (this.#followers.size > 0 && this.#backoff.attempt === 0) this.#ask();
    return this.#grant.ice_servers.filter((s) => s.credential === undefined);
  }

  /** Keeps the logins fresh, and tells fn of each change, until the returned function is called. */
  follow(fn: () => void): () => void {
    const follower = () => fn(); // the same fn may follow twice
    this.#followers.add(follower);
    this.#plan();
    return () => {
      this.#followers.delete(follower);
      if (this.#followers.size > 0) return;
      this.#cancel();
      this.#backoff.reset();
    };
  }

  /** How long the logins hold, in ms. */
  #left(): number {
    return (this.#grant.ice_until ?? Infinity) - this.o.now();
  }

  #plan(): void {
    this.#cancel();
    const left = this.#left();
    if (this.#followers.size === 0 || left === Infinity || this.#asking) return;
    if (left <= slackMs) this.#ask();
    else this.#cancel = this.#clock.after(left * (0.6 + 0.2 * this.#random()), () => this.#ask());
  }

  #ask(): void {
    if (this.#asking) return;
    this.#cancel();
    this.#asking = true;
    void this.#fetch().then(
      (g) => {
        this.#asking = false;
        this.take(g);
        this.#plan(); // also if newer ones came another way meanwhile
      },
      (e) => {
        this.#asking = false;
        this.#failed(e);
      },
    );
  }

  async #fetch(): Promise<Grant> {
    const g = await this.o.fetch();
    if ((g.ice_until ?? Infinity) - this.o.now() <= slackMs) throw new Refusal("expired");
    return g;
  }

  #failed(e: unknown): void {
    this.o.onTrouble?.(e);
    if (this.#followers.size === 0) return;
    const wait = this.#backoff.next(e instanceof Refusal ? e.retryMs : 0);
    if (this.#backoff.attempt < mostTries) {
      this.#cancel = this.#clock.after(wait, () => this.#ask());
    } else {
      this.#backoff.reset();
      if (this.#left() > slackMs) this.#plan();
    }
  }
}
