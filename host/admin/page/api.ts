/** The admin API as the page uses it; schemas/http/admin.yaml describes it. */
import { sentence } from "./sentence.ts";

export const hooks = ["match", "cooldown", "trim", "signalling"] as const;
export type Hook = (typeof hooks)[number];

/** A whole number of 64 bits: bigint where a double would round it. */
export type Whole = number | bigint;

export interface Param {
  name: string;
  default: Whole;
  min: Whole;
  max: Whole;
  unit?: string;
  help?: string;
}

export interface Figure {
  hook: Hook;
  calls: number;
  trapped: number;
  /** Of the trapped: out of fuel. */
  exhausted: number;
  invalid: number;
  p50_us: number;
  p99_us: number;
  fuel: number;
  memory_bytes: number;
  instances: number;
}

export interface Version {
  digest: string;
  name: string;
  version: string;
  hooks: Hook[];
  params: Param[];
  bytes: number;
  state: "serving" | "warm" | "draining" | "quarantined" | "stored";
  loaded_at: string;
  /** When and why it was quarantined. */
  reason?: string;
  /** The product's attributes it reads. */
  attrs?: string[];
  /** Those of them that the server does not know: 0 for everybody. */
  missing_attrs?: string[];
  use?: Figure[];
}

export interface Generation {
  hook: Hook;
  digest: string;
  name: string;
  params: Record<string, Whole>;
  revision: number;
  since: string;
  by: string;
  paused?: boolean;
}

export interface Status {
  serving: Generation[];
  versions: Version[];
}

export interface Reading {
  name: string;
  value: number;
  unit: "people" | "bytes" | "seconds" | "per_second" | "";
  /** The reading's limit, 0 none. */
  of: number;
  bad: boolean;
}

export interface Health {
  ready: boolean;
  reasons: string[];
  since: string;
  version: string;
  readings: Reading[];
}

export interface Change {
  at: string;
  who: string;
  action: string;
  hook?: Hook;
  digest?: string;
  before?: string;
  after?: string;
  result: string;
}

export interface HistoryPage {
  changes: Change[];
  /** What to send as `before` for the changes that follow; 0: there are none. */
  next: number;
}

/** One complaint. Ids are decimal strings. */
export interface Report {
  by: string;
  /** Empty if they are gone, as is of_name. */
  by_name: string;
  of: string;
  of_name: string;
  at: string;
  reason: string;
  /** The reporter's words. */
  note: string;
  settled: boolean;
  /** How many people have ever reported them. */
  reporters: number;
  banned: boolean;
}

export interface Found {
  id: string;
  name: string;
  guest: boolean;
  created_at: string;
  banned: boolean;
}

export interface Person {
  id: string;
  name: string;
  guest: boolean;
  email: string;
  created_at: string;
  bio: string;
}

export type Ruling = "ban" | "unban" | "vindicate";

/** One ruling about one person, who may be gone. */
export interface Decision {
  person: string;
  at: string;
  by: string;
  action: Ruling;
  reason: string;
}

/** The server's no, in one sentence. */
export class Refusal extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(sentence(message));
  }
}

export class Api {
  constructor(readonly token: string) {}

  health(): Promise<Health> {
    return this.call("GET", "health");
  }

  status(): Promise<Status> {
    return this.call("GET", "status");
  }

  history(before: number): Promise<HistoryPage> {
    return this.call("GET", `history?limit=25&before=${before}`);
  }

  inspect(module: Blob): Promise<Version> {
    return this.call("POST", "plugins/inspect", module, { "Content-Type": "application/wasm" });
  }

  /** again: even though it is in quarantine. */
  load(module: Blob, signature: string, again: boolean): Promise<{ version: Version; generations: Generation[] }> {
    const headers: Record<string, string> = { "Content-Type": "application/wasm" };
    if (signature) headers["X-Signature"] = signature;
    return this.call("POST", again ? "plugins?again=1" : "plugins", module, headers);
  }

  /** Values are written digit by digit: JSON.stringify knows no bigint. */
  set(plugin: string, params: Map<string, bigint>): Promise<Generation> {
    const members = [...params].map(([name, value]) => `${JSON.stringify(name)}:${value}`);
    return this.call("PUT", `plugins/${encodeURIComponent(plugin)}/params`, `{${members.join(",")}}`, { "Content-Type": "application/json" });
  }

  onHook(hook: Hook, action: "rollback" | "pause" | "resume"): Promise<Generation> {
    return this.call("POST", `hooks/${hook}/${action}`);
  }

  reports(settled: boolean, limit: number): Promise<{ reports: Report[]; next: number }> {
    return this.call("GET", `reports?settled=${settled ? 1 : 0}&limit=${limit}`);
  }

  /** Whoever has the text in their name or as their number; the newest with none. */
  people(find: string): Promise<{ people: Found[]; next: number }> {
    return this.call("GET", `people?limit=25&find=${encodeURIComponent(find)}`);
  }

  person(id: string): Promise<Person> {
    return this.call("GET", "people/" + id);
  }

  rulings(limit: number): Promise<{ rulings: Decision[]; next: number }> {
    return this.call("GET", `rulings?limit=${limit}`);
  }

  rule(id: string, ruling: Ruling, reason: string): Promise<unknown> {
    return this.call("POST", `people/${id}/${ruling}`, JSON.stringify({ reason }), { "Content-Type": "application/json" });
  }

  private call<T>(method: string, path: string, body?: BodyInit, headers: Record<string, string> = {}): Promise<T> {
    return request("/admin/v1/" + path, { method, body: body ?? null, headers: { ...headers, Authorization: "Bearer " + this.token } });
  }
}

/** Exchanges the code of a printed address for the session it stands for, once. */
export async function exchange(code: string): Promise<string> {
  const answer = await request<{ token: string }>("/admin/session", { method: "POST", body: JSON.stringify({ code }) });
  return answer.token;
}

async function request<T>(path: string, init: RequestInit): Promise<T> {
  let answer: Response, text: string;
  try {
    answer = await fetch(path, { ...init, cache: "no-store", credentials: "omit" });
    text = await answer.text();
  } catch {
    throw new Refusal("unreachable", "The server cannot be reached.");
  }
  let body: unknown;
  try {
    body = parse(text);
  } catch {
    throw new Refusal("unreadable", "The server gave an answer that cannot be read.");
  }
  if (answer.ok) return body as T;
  const e = (body as { error?: { code?: string; message?: string } }).error;
  throw new Refusal(e?.code ?? "internal", e?.message ?? `The server answered ${answer.status}.`);
}

/** JSON whose whole numbers stay exact, where the browser shows a reviver the digits. */
export function parse(text: string): unknown {
  const exact = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? "") ? BigInt(context!.source!) : value;
  return JSON.parse(text, exact as (key: string, value: unknown) => unknown);
}
