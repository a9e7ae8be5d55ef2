/** Camera and microphone, and what is wrong with them. */

export type Kind = "audio" | "video";

export type Problem =
  | "denied" // by the person or the browser
  | "missing"
  | "in_use"
  | "insecure" // the page is not on https or localhost
  | "failed";

export interface Devices {
  audio?: MediaStreamTrack;
  video?: MediaStreamTrack;
  problems: Partial<Record<Kind, Problem>>;
}

const wishes = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: { width: { ideal: 960 }, height: { ideal: 720 }, facingMode: "user", frameRate: { ideal: 30 } },
} as const;

/** Opens both, or whichever works; never rejects. */
export async function openDevices(): Promise<Devices> {
  try {
    const s = await getUserMedia({ audio: wishes.audio, video: wishes.video });
    return { audio: s.getAudioTracks()[0], video: s.getVideoTracks()[0], problems: {} };
  } catch (e) {
    const why = problemOf(e);
    if (why === "insecure") return { problems: { audio: why, video: why } };
    const d: Devices = { problems: {} };
    for (const kind of ["audio", "video"] as const) {
      // Asking again for what was just denied would only open the prompt again.
      if (why === "denied" && !(await granted(kind))) d.problems[kind] = why;
      else Object.assign(d, await openOne(kind, d.problems));
    }
    return d;
  }
}

async function openOne(kind: Kind, problems: Devices["problems"]): Promise<Partial<Devices>> {
  const r = await openDevice(kind);
  if (typeof r !== "string") return { [kind]: r };
  problems[kind] = r;
  return {};
}

/** Opens one of the two, or says why not. */
export async function openDevice(kind: Kind): Promise<MediaStreamTrack | Problem> {
  try {
    const s = await getUserMedia(kind === "audio" ? { audio: wishes.audio } : { video: wishes.video });
    return s.getTracks()[0] ?? "missing";
  } catch (e) {
    return problemOf(e);
  }
}

export function stop(d: Devices): void {
  d.audio?.stop();
  d.video?.stop();
}

/** What the person is told, as a sentence that says what to do. */
export function explain(problems: Devices["problems"]): string {
  const { audio, video } = problems;
  if (!audio && !video) return "";
  if (audio && audio === video) return sentence("camera and microphone", audio, true);
  return [video && sentence("camera", video, false), audio && sentence("microphone", audio, false)].filter(Boolean).join(" ");
}

function sentence(what: string, p: Problem, both: boolean): string {
  const are = both ? "are" : "is";
  const they = both ? "them" : "it";
  switch (p) {
    case "denied":
      return `Your browser does not let this page use your ${what}. Allow ${they} beside the address bar, then try again.`;
    case "missing":
      return `No ${both ? "camera or microphone" : what} was found. Plug one in, then try again.`;
    case "in_use":
      return `Your ${what} ${are} in use by another program. Close that, then try again.`;
    case "insecure":
      return `Browsers only open camera and microphone on https:// pages. Ask for the secure address of this server.`;
    default:
      return `Your ${what} could not be opened.`;
  }
}

function problemOf(e: unknown): Problem {
  switch (e instanceof Error ? e.name : "") {
    case "InsecureContext":
      return "insecure";
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "in_use";
    default:
      return "failed";
  }
}

function getUserMedia(c: MediaStreamConstraints): Promise<MediaStream> {
  // Without a secure context browsers hide the whole interface.
  const m = navigator.mediaDevices as MediaDevices | undefined;
  if (m) return m.getUserMedia(c);
  return Promise.reject(Object.assign(new Error("no media devices here"), { name: "InsecureContext" }));
}

async function granted(kind: Kind): Promise<boolean> {
  try {
    const name = (kind === "audio" ? "microphone" : "camera") as PermissionName;
    return (await navigator.permissions.query({ name })).state === "granted";
  } catch {
    return false; // This browser does not tell.
  }
}
