import { Refusal } from "./requests.ts";
import type { ICEServer } from "./wire.ts";

/** STUN and TURN servers, as call.started and GET /v1/me/ice say them. */
export interface Grant {
  ice_servers: ICEServer[];
  /** Unix ms of the server's clock when the logins in it end; undefined: there are none. */
  ice_until?: number;
}

/**
 * Fetches grants from this address of the server's /v1/me/ice, logged in by
 * cookie or token. The function rejects with a Refusal where the server says
 * why, with what fetch throws where there is no server.
 */
export function grantFrom(url: string, o: { token?: string; fetch?: typeof fetch } = {}): () => Promise<Grant> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (o.token) headers.Authorization = "Bearer " + o.token;
  return async () => {
    const get = o.fetch ?? fetch;
    const r = await get(url, { headers, credentials: "same-origin", cache: "no-store", signal: AbortSignal.timeout(10_000) });
    const body: unknown = await r.json().catch(() => undefined);
    if (!r.ok) throw refusal(r, body);
    return readGrant(body);
  };
}

function refusal(r: Response, body: unknown): Refusal {
  const e = (body as { error?: { code?: unknown; message?: unknown } } | undefined)?.error;
  const seconds = Number(r.headers.get("Retry-After") ?? 0);
  return new Refusal(String(e?.code ?? `http_${r.status}`), undefined, undefined, seconds > 0 ? seconds * 1000 : undefined, String(e?.message ?? ""));
}

/** Checks what a server answered, as a browser would throw at a list it cannot read. */
function readGrant(v: unknown): Grant {
  const g = v as Partial<Grant> | null | undefined;
  const until = g?.ice_until;
  if (!Array.isArray(g?.ice_servers) || !g.ice_servers.every(isServer) || (until !== undefined && !Number.isSafeInteger(until))) {
    throw new Error("a grant that cannot be read");
  }
  return { ice_servers: g.ice_servers, ice_until: until };
}

function isServer(v: unknown): v is ICEServer {
  const s = v as Partial<ICEServer> | null;
  const text = (x: unknown) => typeof x === "string";
  const maybe = (x: unknown) => x === undefined || text(x);
  return typeof s === "object" && s !== null && Array.isArray(s.urls) && s.urls.every(text) && maybe(s.username) && maybe(s.credential);
}
