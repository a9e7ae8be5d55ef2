import type { Social } from "napalmsky";

export interface Options {
  genders: { id: number; label: string }[];
  tags: string[];
  langs: { id: string; label: string }[];
  /** Seconds. */
  lengths: number[];
  limits: { name: number; bio: number; tags: number; langs: number; socials: number };
  /** How long a guest is remembered after their last visit. */
  guest_seconds: number;
}

export interface Profile {
  name: string;
  gender: number;
  seeking: number[];
  age: number;
  age_min: number;
  age_max: number;
  tags: string[];
  langs: string[];
  bio: string;
  socials: Social[];
  photo?: string;
  /** A product's own; passed through unread. */
  attrs?: Record<string, number>;
}

export interface Me {
  id: string;
  guest: boolean;
  /** Empty for a guest. */
  email: string;
  version: number;
  profile: Profile;
}

export interface PastCall {
  call: string;
  other: string;
  other_name: string;
  other_photo: string;
  caller: boolean;
  seconds: number;
  talked: number;
  started_at: number;
  ended_at: number;
  reason: string;
  cooldown_until: number;
}

export interface StandingCooldown {
  other: string;
  other_name: string;
  until: number;
  reason: string;
}

export interface History {
  calls: PastCall[];
  cooldowns: StandingCooldown[];
}

/** The server's refusal, or (status 0) no server. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

export const api = {
  options: () => call<Options>("GET", "/v1/options"),
  signUp: (p: Profile) => call<Omit<Me, "guest" | "email">>("POST", "/v1/guests", p).then((me): Me => ({ ...me, guest: true, email: "" })),
  me: () => call<Me>("GET", "/v1/me"),
  saveProfile: (version: number, profile: Profile) => call<{ version: number; profile: Profile }>("PUT", "/v1/me/profile", { version, profile }),
  savePhoto: (photo: Blob) => call<{ version: number; photo: string }>("PUT", "/v1/me/photo", photo),
  dropPhoto: () => call<{ version: number }>("DELETE", "/v1/me/photo"),
  history: (before = 0, limit = 30) => call<History>("GET", `/v1/me/history?before=${before}&limit=${limit}`),
  login: (email: string, password: string) => call<{ id: string }>("POST", "/v1/login", { email, password }),
  logout: (everywhere = false) => call<void>("POST", everywhere ? "/v1/logout/all" : "/v1/logout"),
  keepAccount: (email: string, password: string) => call<{ email: string }>("PUT", "/v1/me/account", { email, password }),
  changePassword: (password: string, new_password: string) => call<void>("PUT", "/v1/me/password", { password, new_password }),
  deleteMe: (password: string) => call<void>("DELETE", "/v1/me", { confirm: "delete", ...(password && { password }) }),
};

export function mediaURL(id: string): string {
  return "/v1/media/" + encodeURIComponent(id);
}

export function socketURL(l: Location = location): string {
  return `${l.protocol === "https:" ? "wss:" : "ws:"}//${l.host}/v1/ws`;
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const init: RequestInit = { method, credentials: "same-origin", headers: { Accept: "application/json" } };
  if (body instanceof Blob) {
    init.body = body;
    init.headers = { ...init.headers, "Content-Type": body.type };
  } else if (body !== undefined) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, "Content-Type": "application/json" };
  }
  let res: Response;
  try {
    res = await fetch(path, init);
  } catch {
    throw new ApiError(0, "offline", "", "The server cannot be reached.");
  }
  if (res.status === 204) return undefined as T;
  const json = (await res.json().catch(() => ({}))) as { error?: { code?: string; field?: string; message?: string } };
  if (!res.ok) {
    const e = json.error ?? {};
    throw new ApiError(res.status, e.code ?? "http_" + res.status, e.field ?? "", e.message ?? "");
  }
  return json as T;
}
