type Kind = "offer" | "answer";
interface Description {
  type: Kind;
  sdp: string;
}

/** Lets whatever is ready run, and then what that made ready. */
export const turn = () => new Promise<void>((r) => setImmediate(r));

export async function quiet(turns = 40): Promise<void> {
  for (let i = 0; i < turns; i++) await turn();
}

const field = (sdp: string, name: string) => new RegExp(`^a=${name}:(.*)$`, "m").exec(sdp)?.[1];
export const ufragOf = (d: Description | null) => (d ? field(d.sdp, "ice-ufrag") : undefined);

/**
 * A browser's RTCPeerConnection as far as negotiation goes: the signalling
 * states with their implicit rollback, one operation after another, ICE
 * credentials that a restart changes, candidates that belong to them, and
 * negotiationneeded as the W3C's WebRTC 1.0 fires it (section 4.7.3).
 */
export class FakePeer {
  static made: FakePeer[] = [];
  /** How many turns an operation takes; tests of races draw it. */
  static pace: (p: FakePeer) => number = () => 1;

  readonly id = String(1000 + FakePeer.made.push(this));
  readonly configurations: RTCConfiguration[];
  readonly applied: string[] = []; // ufrags of the candidates that were taken
  signalingState: RTCSignalingState = "stable";
  connectionState: RTCPeerConnectionState = "new";
  stats = new Map<string, unknown>();
  rollbacks = 0;
  onicecandidate: ((ev: any) => void) | null = null;
  onnegotiationneeded: (() => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  ontrack: ((ev: any) => void) | null = null;

  #current: { local: Description | null; remote: Description | null } = { local: null, remote: null };
  #pending: { local: Description | null; remote: Description | null } = { local: null, remote: null };
  #transceivers: { kind: string; direction: string; receiver: { track: { kind: string } }; sender: { replaceTrack(t: unknown): Promise<void> } }[] = [];
  #agreed = 0; // lines in the last agreement
  #restart = false;
  #before = { restart: false };
  #version = 0;
  #chain: Promise<unknown> = Promise.resolve();
  #running = 0;
  #checking = false;

  constructor(c: RTCConfiguration) {
    this.configurations = [c];
  }

  get localDescription() {
    return this.#pending.local ?? this.#current.local;
  }

  get remoteDescription() {
    return this.#pending.remote ?? this.#current.remote;
  }

  getConfiguration = () => this.configurations.at(-1)!;
  setConfiguration = (c: RTCConfiguration) => void this.configurations.push(c);
  getStats = async () => this.stats;
  getTransceivers = () => this.#transceivers;

  addTransceiver(kind: string, o: { direction: string }): void {
    this.#transceivers.push({ kind, direction: o.direction, receiver: { track: { kind } }, sender: { replaceTrack: async () => {} } });
    this.#look();
  }

  addTrack(t: { kind: string }): void {
    this.addTransceiver(t.kind, { direction: "sendrecv" });
  }

  restartIce(): void {
    this.#restart = true;
    this.#look();
  }

  become(s: RTCPeerConnectionState): void {
    this.connectionState = s;
    this.onconnectionstatechange?.();
  }

  close(): void {
    this.signalingState = "closed";
  }

  setLocalDescription = () =>
    this.#operation(() => {
      const answering = this.signalingState === "have-remote-offer";
      const old = ufragOf(this.#current.local);
      const theirs = [this.#current.remote, this.#pending.remote].map(ufragOf);
      const anew = old === undefined || (answering ? theirs[0] !== undefined && theirs[0] !== theirs[1] : this.#restart);
      const ufrag = anew ? `${this.id}.${++this.#version}` : old;
      const d: Description = { type: answering ? "answer" : "offer", sdp: `v=0\no=- ${this.id} ${this.#version} IN IP4 127.0.0.1\na=ice-ufrag:${ufrag}\na=lines:${this.#transceivers.length}\n` };
      this.#before = { restart: this.#restart };
      if (!answering || anew) this.#restart = false;
      if (answering) this.#agree(d, this.#pending.remote!);
      else {
        this.#pending.local = d;
        this.signalingState = "have-local-offer";
      }
      if (anew) for (let i = 0; i < 2; i++) setImmediate(() => this.onicecandidate?.({ candidate: { candidate: "host " + i, usernameFragment: ufrag, sdpMid: "0" } }));
    });

  setRemoteDescription = (d: Description) =>
    this.#operation(() => {
      if (d.type === "answer") {
        if (this.signalingState !== "have-local-offer") throw new DOMException("no offer is out", "InvalidStateError");
        return this.#agree(this.#pending.local!, d);
      }
      if (this.signalingState === "have-local-offer") {
        this.rollbacks++;
        this.#pending.local = null;
        this.#restart ||= this.#before.restart;
      }
      while (this.#transceivers.length < Number(field(d.sdp, "lines"))) this.addTransceiver("video", { direction: "recvonly" });
      this.#pending.remote = d;
      this.signalingState = "have-remote-offer";
    });

  addIceCandidate = (c: RTCIceCandidateInit) =>
    this.#operation(() => {
      if (!this.remoteDescription) throw new DOMException("no description yet", "InvalidStateError");
      if (c.usernameFragment !== ufragOf(this.remoteDescription)) throw new DOMException("of other credentials", "OperationError");
      this.applied.push(c.usernameFragment!);
    });

  #agree(local: Description, remote: Description): void {
    this.#current = { local, remote };
    this.#pending = { local: null, remote: null };
    this.#agreed = Math.max(this.#agreed, Number(field((local.type === "offer" ? local : remote).sdp, "lines")));
    this.signalingState = "stable";
  }

  #operation(step: () => void): Promise<void> {
    this.#running++;
    const done = this.#chain.then(async () => {
      for (let i = FakePeer.pace(this); i > 0; i--) await turn();
      if (this.signalingState === "closed") return new Promise<void>(() => {}); // as a closed one: never settles
      step();
    });
    const over = () => {
      this.#running--;
      this.#look();
    };
    this.#chain = done.then(over, over);
    return done;
  }

  #look(): void {
    if (this.#checking) return;
    this.#checking = true;
    setImmediate(() => {
      this.#checking = false;
      if (this.#running > 0 || this.signalingState !== "stable") return; // looked at again when that is over
      if (this.#restart || this.#transceivers.length > this.#agreed) this.onnegotiationneeded?.();
    });
  }
}
