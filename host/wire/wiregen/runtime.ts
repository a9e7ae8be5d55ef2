/** What every frame of the server carries beside its event. */
export interface Envelope {
  /** Empty on frames of the socket itself (bye, errors about unreadable frames). */
  lobby: string;
  /** A new epoch means the server restarted; empty where lobby is. */
  epoch: string;
  /** The number of a reliable event, to be acknowledged; 0 on others. */
  seq: number;
}

/** A frame that does not follow the schema; the message names the field. */
export class WireError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "WireError";
  }
}

/** A frame as read: event is null if it is newer than this client (acknowledge its seq all the same). */
export interface Frame {
  env: Envelope;
  event: ServerEvent | null;
}

/** Reads a text frame of the server. Throws WireError if it is broken. */
export function decodeServer(text: string): Frame {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    throw new WireError("frame: not JSON");
  }
  return checkFrame(frame);
}

/** Checks a frame of whatever encoding against the schema. Unknown fields are ignored. */
export function checkFrame(frame: unknown): Frame {
  isFrame(frame, "frame");
  const { t, lobby = "", epoch = "", seq = 0, d } = frame as Partial<Envelope> & { t: string; d: unknown };
  const env: Envelope = { lobby, epoch, seq };
  if (!Object.hasOwn(serverChecks, t)) return { env, event: null };
  serverChecks[t as ServerEvent["t"]](d, "d");
  return { env, event: { t, d } as ServerEvent };
}

/** Writes a frame. ref (1 to 4294967295) asks for a done or error that repeats it. */
export function encodeClient(event: ClientEvent, ref?: number): string {
  return JSON.stringify(ref ? { t: event.t, ref, d: event.d } : event);
}

/** Throws WireError unless v is what it checks for. */
type Check = (v: unknown, at: string) => void;

function primitive(type: string, holds: (v: unknown) => boolean): Check {
  return (v, at) => {
    if (!holds(v)) throw new WireError(`${at}: want ${type}`);
  };
}

const string = primitive("a string", (v) => typeof v === "string");
const boolean = primitive("true or false", (v) => typeof v === "boolean");
const integer = primitive("an integer", Number.isSafeInteger);
const id = primitive("an id", (v) => typeof v === "string" && /^[1-9][0-9]{0,18}$/.test(v));

function list(item: Check): Check {
  return (v, at) => {
    if (!Array.isArray(v)) throw new WireError(`${at}: want a list`);
    v.forEach((e, i) => item(e, `${at}[${i}]`));
  };
}

function object(required: Record<string, Check>, optional: Record<string, Check> = {}): Check {
  return (v, at) => {
    if (typeof v !== "object" || v === null || Array.isArray(v)) throw new WireError(`${at}: want an object`);
    const fields = v as Record<string, unknown>;
    for (const [name, check] of Object.entries(required)) check(fields[name], `${at}.${name}`);
    for (const [name, check] of Object.entries(optional)) {
      if (fields[name] !== undefined) check(fields[name], `${at}.${name}`);
    }
  };
}

const isFrame = object({ t: string, d: object({}) }, { lobby: string, epoch: string, seq: integer });
