import { relayed } from "./route.ts";
import { originOf } from "./sdp.ts";
import type { ICEServer, SignalKind } from "./wire.ts";

/** How the media connection is doing. */
export type Link =
  | "connecting"
  | "connected"
  | "interrupted" // was connected; mending itself
  | "failing"; // the other answers, and yet several attempts failed; still trying, slower

/** Where a call's STUN and TURN servers come from; Relays is one. */
export interface Servers {
  /** Those that can be used now. */
  servers(): ICEServer[];
  /** Tells fn when there are others, until the returned function is called. */
  follow(fn: () => void): () => void;
}

export interface CallOptions {
  /** From call.started: the polite side gives way when both offer at once. */
  polite: boolean;
  /** From call.started: the call ran already, so the other will not begin. */
  resumed?: boolean;
  relays: Servers;
  tracks: MediaStreamTrack[];
  /** Hands a piece of signalling to the other (call.signal). */
  send(kind: SignalKind, data: string): void;
  /** The other's tracks changed (arrived, or fell silent). */
  onRemote?(stream: MediaStream): void;
  onLink?(link: Link): void;
  /** Told about signalling that could not be applied. */
  onTrouble?(what: unknown): void;
}

type Kind = "audio" | "video";
const kinds: readonly Kind[] = ["audio", "video"];
const firstPatienceMs = 8_000;
const tries = 3;

/**
 * The media side of one call: perfect negotiation, trickle ICE, ICE restarts,
 * and a fresh connection when the other's page was reloaded. Works with no
 * track at all (receive only). close() when the call ended; the tracks stay
 * the caller's.
 */
export class Call {
  readonly remote = new MediaStream();
  #pc: RTCPeerConnection;
  #unfollow: () => void;
  #tracks = new Map<Kind, MediaStreamTrack>();
  #candidates: RTCIceCandidateInit[] = [];
  #origin: string | undefined; // of the remote description: names the other's RTCPeerConnection
  #mayOffer: boolean;
  #making = false;
  #owed = false; // the browser asked for an offer before we might make one
  #ignored = false;
  #line: Promise<void> = Promise.resolve();
  #watch: ReturnType<typeof setTimeout> | undefined;
  #failures = 0; // since the other was first heard: silence is no failing network
  #heard = false;
  #link: Link = "connecting";
  #closed = false;

  constructor(private readonly o: CallOptions) {
    for (const t of o.tracks) this.#tracks.set(t.kind as Kind, t);
    // One side begins, or each call would open with two offers that collide.
    this.#mayOffer = !o.polite || o.resumed === true;
    this.#pc = this.#fresh(this.#mayOffer);
    this.#unfollow = o.relays.follow(() => void this.#renewed().catch((e) => o.onTrouble?.(e)));
    this.#expect();
  }

  get link(): Link {
    return this.#link;
  }

  /** Whether the other has ever offered or answered; until then they may have no media at all. */
  get heard(): boolean {
    return this.#heard;
  }

  /** Takes what the other signalled. Pieces are applied one after another. */
  signal(kind: string, data: string): Promise<void> {
    return this.#inTurn(async () => {
      try {
        if (kind === "candidate") await this.#candidate(JSON.parse(data) as RTCIceCandidateInit);
        else if (kind === "offer" || kind === "answer") await this.#description(kind, data);
      } catch (e) {
        if (!this.#ignored) this.o.onTrouble?.(e);
      }
    });
  }

  /** Sends this track of its kind from now on, or (null) none: the other sees it fall silent. */
  async setTrack(kind: Kind, track: MediaStreamTrack | null): Promise<void> {
    if (track) this.#tracks.set(kind, track);
    else this.#tracks.delete(kind);
    const line = this.#pc.getTransceivers().find((t) => t.receiver.track.kind === kind && t.direction !== "stopped");
    if (!line) {
      if (track) this.#pc.addTrack(track, new MediaStream([track]));
      return;
    }
    await line.sender.replaceTrack(track);
    line.direction = track ? "sendrecv" : "recvonly";
  }

  /** Looks for a new way through the network, with the logins of now. */
  restart(): void {
    const pc = this.#pc;
    if (this.#closed) return;
    this.#mayOffer = true;
    if (pc.getTransceivers().length === 0) this.#askFor(pc);
    pc.setConfiguration({ iceServers: this.o.relays.servers() });
    pc.restartIce(); // makes the browser ask for an offer, once it has nothing outstanding
    // Or it asked already, or its last offer seems lost. Not amid what the other
    // signalled: with their offer half applied, ours would come out as an answer.
    void this.#inTurn(async () => {
      if (pc !== this.#pc) return;
      if (this.#owed || (pc.signalingState === "have-local-offer" && !this.#making)) await this.#offer();
    });
    this.#expect();
  }

  close(): void {
    this.#closed = true;
    this.#unfollow();
    clearTimeout(this.#watch);
    this.#quit(this.#pc);
  }

  /** Runs steps one after another. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    this.#line = this.#line.then(() => (this.#closed ? undefined : step()));
    return this.#line;
  }

  /**
   * There are fresh logins. They count from the next gathering on, so one that
   * ran without any is repeated; and a relay that carries us is replaced by one
   * that the fresh login keeps, while it still does.
   */
  async #renewed(): Promise<void> {
    const pc = this.#pc;
    const fresh = this.o.relays.servers();
    const lacked = !hasLogin(pc.getConfiguration().iceServers) && hasLogin(fresh);
    pc.setConfiguration({ iceServers: fresh });
    if (!pc.localDescription) return;
    const again = pc.connectionState === "connected" ? await relayed(pc) : lacked;
    if (again && pc === this.#pc && !this.#closed) pc.restartIce();
  }

  #fresh(offering: boolean): RTCPeerConnection {
    const pc = new RTCPeerConnection({ iceServers: this.o.relays.servers() });
    this.#candidates = [];
    this.#origin = undefined;
    this.#making = this.#owed = false;
    pc.onicecandidate = (ev) => {
      if (ev.candidate?.candidate) this.o.send("candidate", JSON.stringify(ev.candidate));
    };
    pc.onnegotiationneeded = () => void this.#offer();
    pc.onconnectionstatechange = () => this.#state(pc.connectionState);
    pc.ontrack = (ev) => this.#arrived(ev.track);
    // In a fixed order; a line we merely listen on is for offers only, an
    // answer gets its lines from the other's offer.
    for (const kind of kinds) {
      const t = this.#tracks.get(kind);
      if (t) pc.addTrack(t, new MediaStream([t]));
      else if (offering) pc.addTransceiver(kind, { direction: "recvonly" });
    }
    return pc;
  }

  #askFor(pc: RTCPeerConnection): void {
    for (const kind of kinds) pc.addTransceiver(kind, { direction: "recvonly" });
  }

  async #offer(): Promise<void> {
    const pc = this.#pc;
    if (this.#closed) return;
    this.#owed = !this.#mayOffer;
    if (this.#owed) return;
    try {
      this.#making = true;
      await pc.setLocalDescription();
      if (pc === this.#pc && pc.localDescription?.type === "offer") this.o.send("offer", pc.localDescription.sdp);
    } catch (e) {
      this.o.onTrouble?.(e);
    } finally {
      if (pc === this.#pc) this.#making = false;
    }
  }

  async #description(type: "offer" | "answer", sdp: string): Promise<void> {
    this.#heard = true;
    const origin = originOf(sdp);
    if (this.#origin !== undefined && origin !== this.#origin) {
      // The other has a new RTCPeerConnection (their page was reloaded); ours
      // holds keys of the old one and cannot go on with it.
      this.#quit(this.#pc);
      this.#say("interrupted");
      if (type === "answer") this.#mayOffer = true; // it answered the old one, so begin again
      this.#pc = this.#fresh(type === "answer");
      if (type === "answer") return;
    }
    const pc = this.#pc;
    const collision = type === "offer" && (this.#making || pc.signalingState !== "stable");
    this.#ignored = !this.o.polite && collision;
    if (this.#ignored) return;
    if (type === "answer" && pc.signalingState !== "have-local-offer") return; // to an offer we took back
    await pc.setRemoteDescription({ type, sdp });
    this.#origin = origin;
    this.#owed = false;
    if (type === "offer") {
      await pc.setLocalDescription();
      if (pc.localDescription) this.o.send("answer", pc.localDescription.sdp);
      this.#mayOffer = true;
    }
    const early = this.#candidates;
    this.#candidates = [];
    for (const c of early) await pc.addIceCandidate(c).catch((e) => this.o.onTrouble?.(e));
  }

  async #candidate(c: RTCIceCandidateInit): Promise<void> {
    if (this.#pc.remoteDescription) await this.#pc.addIceCandidate(c);
    else if (!this.#ignored && this.#candidates.length < 64) this.#candidates.push(c);
  }

  #arrived(track: MediaStreamTrack): void {
    for (const old of this.remote.getTracks()) {
      if (old.kind === track.kind && old !== track) this.remote.removeTrack(old);
    }
    if (!this.remote.getTracks().includes(track)) this.remote.addTrack(track);
    const tell = () => this.o.onRemote?.(this.remote);
    track.onmute = track.onunmute = track.onended = tell;
    tell();
  }

  #state(s: RTCPeerConnectionState): void {
    if (s === "connected") {
      clearTimeout(this.#watch);
      this.#failures = 0;
      this.#say("connected");
    } else if (s === "disconnected") {
      this.#say("interrupted");
      this.#expect(4_000); // it often mends itself
    } else if (s === "failed") {
      this.#again();
    }
  }

  /** Not connected in time: an offer got lost, or no candidate pair works. */
  #expect(ms = firstPatienceMs): void {
    clearTimeout(this.#watch);
    // The polite side waits longer, so that the two do not restart at once.
    this.#watch = setTimeout(() => this.#again(), this.o.polite ? ms * 1.5 : ms);
  }

  #again(): void {
    if (this.#closed || this.#pc.connectionState === "connected") return;
    if (this.#heard) this.#failures++;
    if (this.#failures >= tries) this.#say("failing");
    this.restart();
  }

  #say(link: Link): void {
    if (this.#link === link || (this.#link === "failing" && link === "interrupted")) return;
    this.#link = link;
    this.o.onLink?.(link);
  }

  #quit(pc: RTCPeerConnection): void {
    pc.onicecandidate = pc.onnegotiationneeded = pc.onconnectionstatechange = pc.ontrack = null;
    pc.close();
  }
}

function hasLogin(servers: RTCIceServer[] | undefined): boolean {
  return servers?.some((s) => s.credential !== undefined) === true;
}
