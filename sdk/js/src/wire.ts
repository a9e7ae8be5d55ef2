import type { ClientCallSignal, ClientEvent, ServerEvent, ServerSelf } from "./wire.gen.ts";

export {
  type Card,
  type ClientEvent,
  decodeServer,
  encodeClient,
  type Entry,
  type Envelope,
  type Frame,
  type ICEServer,
  type ServerEvent,
  type ServerReelDelta,
  type ServerReelFull,
  type Social,
  WireError,
} from "./wire.gen.ts";

/** The names of events, and what each carries. */
export type ClientName = ClientEvent["t"];
export type ServerName = ServerEvent["t"];
export type ClientData<T extends ClientName> = Extract<ClientEvent, { t: T }>["d"];
export type ServerData<T extends ServerName> = Extract<ServerEvent, { t: T }>["d"];

export type Activity = ServerSelf["activity"];
export type SignalKind = ClientCallSignal["kind"];
