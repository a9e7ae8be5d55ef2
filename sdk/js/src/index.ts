export { Client, connect, type Encoding, type Options, type SocketLike, type Status } from "./client.ts";
export { Close, verdict, type Verdict } from "./close.ts";
export type { Clock } from "./clock.ts";
export { Call, type CallOptions, type Link, type Servers } from "./call.ts";
export { type Grant, grantFrom } from "./grant.ts";
export { followBrowser } from "./network.ts";
export { compareIDs, Reel } from "./reel.ts";
export { Relays, type RelaysOptions } from "./relays.ts";
export { Refusal } from "./requests.ts";
export type { Place, Shelf } from "./memory.ts";
export {
  type Activity,
  type Card,
  type ClientData,
  type ClientName,
  type Entry,
  type ICEServer,
  type ServerData,
  type ServerEvent,
  type ServerName,
  type ServerReelDelta,
  type ServerReelFull,
  type SignalKind,
  type Social,
  WireError,
} from "./wire.ts";
