import { Call, type Client, type Link, type Relays } from "napalmsky";
import { type Devices, type Kind, openDevice, openDevices, type Problem, stop } from "./devices.ts";
import type { Talk } from "./state.ts";

/** A call begins without camera and microphone if the person still looks at the browser's question. */
const devicesWithinMs = 2_500;

/** The media of one call as the page needs it: my tracks, theirs, and what is wrong. */
export class TalkSession {
  readonly call: string;
  devices: Devices = { problems: {} };
  asking = true; // the browser asks for permission, or opens the devices
  muted = false;
  cameraOff = false;
  #talk: Talk;
  #media: Call | undefined;
  #early: { kind: string; data: string }[] = [];
  #over = false;

  constructor(
    talk: Talk,
    client: Client,
    private readonly relays: Relays,
    opening: Promise<Devices>,
    private readonly changed: () => void,
  ) {
    this.call = talk.call;
    this.#talk = talk;
    relays.take(talk.relays);
    void this.#begin(client, opening);
  }

  get link(): Link {
    return this.#media?.link ?? "connecting";
  }

  /** Whether the other's page has said anything about sound and picture. */
  get heard(): boolean {
    return this.#media?.heard === true;
  }

  get remote(): MediaStream | undefined {
    return this.#media?.remote;
  }

  /** The call was started anew for this tab, with fresh logins for the relays. */
  renew(talk: Talk): void {
    if (this.#talk.relays === talk.relays) return;
    this.#talk = talk;
    this.relays.take(talk.relays);
  }

  signal(kind: string, data: string): void {
    if (this.#media) void this.#media.signal(kind, data);
    else this.#early.push({ kind, data });
  }

  toggleMute(): void {
    this.muted = !this.muted;
    if (this.devices.audio) this.devices.audio.enabled = !this.muted;
    this.changed();
  }

  /** Off lets go of the camera, so that its light goes out too. */
  async toggleCamera(): Promise<void> {
    this.cameraOff = !this.cameraOff;
    if (this.cameraOff) {
      this.devices.video?.stop();
      delete this.devices.video;
      this.changed();
      await this.#media?.setTrack("video", null);
    } else {
      await this.#reopen("video");
    }
  }

  /** Tries again what did not open. */
  async retryDevices(): Promise<void> {
    for (const kind of Object.keys(this.devices.problems) as Kind[]) await this.#reopen(kind);
  }

  /** Looks for a new way through the network at once. */
  restart(): void {
    this.#media?.restart();
  }

  close(): void {
    this.#over = true;
    this.#media?.close();
    stop(this.devices);
  }

  async #begin(client: Client, opening: Promise<Devices>): Promise<void> {
    const ready = opening.then((d) => this.#opened(d));
    await Promise.race([ready, new Promise((r) => setTimeout(r, devicesWithinMs))]);
    if (this.#over) return;
    const talk = this.#talk;
    this.#media = new Call({
      polite: talk.polite,
      resumed: talk.resumed,
      relays: this.relays,
      tracks: [this.devices.audio, this.devices.video].filter((t) => t !== undefined),
      send: (kind, data) => client.tell("call.signal", { call: talk.call, kind, data }),
      onRemote: this.changed,
      onLink: this.changed,
      onTrouble: (what) => console.warn("call:", what),
    });
    for (const s of this.#early.splice(0)) void this.#media.signal(s.kind, s.data);
    this.changed();
  }

  #opened(d: Devices): void {
    if (this.#over) return stop(d);
    this.devices = d;
    this.asking = false;
    for (const kind of ["audio", "video"] as const) if (d[kind]) this.#attach(kind, d[kind]);
    this.changed();
  }

  async #reopen(kind: Kind): Promise<void> {
    const r = await openDevice(kind);
    if (typeof r === "string") this.#fault(kind, r);
    else if (this.#over || (kind === "video" && this.cameraOff)) r.stop();
    else {
      delete this.devices.problems[kind];
      this.devices[kind] = r;
      this.#attach(kind, r);
    }
    this.changed();
  }

  #attach(kind: Kind, track: MediaStreamTrack): void {
    if (kind === "audio") track.enabled = !this.muted;
    // Only an unplugged or withdrawn device ends a track by itself; stop() does not tell.
    track.onended = () => {
      delete this.devices[kind];
      this.#fault(kind, "missing");
      void this.#media?.setTrack(kind, null);
      this.changed();
    };
    void this.#media?.setTrack(kind, track);
  }

  #fault(kind: Kind, p: Problem): void {
    this.devices.problems[kind] = p;
  }
}

/** Devices opened while it rings, so that a call begins at once; let go of if none comes. */
export class Preparation {
  #opening: Promise<Devices> | undefined;

  begin(): void {
    this.#opening ??= openDevices();
  }

  take(): Promise<Devices> {
    this.begin();
    const opening = this.#opening!;
    this.#opening = undefined;
    return opening;
  }

  drop(): void {
    void this.#opening?.then(stop);
    this.#opening = undefined;
  }
}
