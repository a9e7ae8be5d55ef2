import type { Relays } from "napalmsky";
import type { Evening } from "./evening.ts";
import type { Me, Options } from "./http.ts";
import type { Sound } from "./sound.ts";
import type { Preparation } from "./talksession.ts";

export type Route = "lobby" | "history" | "profile";

/** What every view of a logged-in person works with. */
export interface App {
  readonly options: Options;
  me: Me;
  readonly evening: Evening;
  readonly sound: Sound;
  readonly preparation: Preparation;
  readonly relays: Relays;
  /** Says something in passing. */
  toast(text: string, tone?: "good" | "bad"): void;
  go(route: Route): void;
  logout(everywhere?: boolean): Promise<void>;
  /** Back to the first page, which says this. */
  leave(parting: string): void;
}
