import { Close } from "napalmsky";
import type { App } from "../app.ts";
import { face } from "../avatar.ts";
import { explain } from "../devices.ts";
import { h, say } from "../dom.ts";
import { icon } from "../icons.ts";
import type { Talk } from "../state.ts";
import type { TalkSession } from "../talksession.ts";
import { isDemo, refused, waitingWords } from "../text.ts";
import { clock } from "../time.ts";
import { type View, ticking } from "../view.ts";
import { chatView } from "./chat.ts";
import { openReport } from "./report.ts";

/** So long an answer may be under way; who is silent after that has no picture to send. */
const silentMs = 6_000;

/** The call: both pictures, the clock, what can be done, and what is wrong. */
export function callView(app: App, talk: Talk, session: TalkSession): View {
  const { evening } = app;
  const who = talk.other.name;
  const chat = chatView(app, talk);

  const remote = h("video", { autoplay: true, playsInline: true, test: "video-remote", attr: { "aria-label": `Picture of ${who}` } });
  const local = h("video", { class: "mirrored", autoplay: true, playsInline: true, muted: true, test: "video-local", attr: { "aria-label": "Your picture" } });
  const cover = h("div", { class: "cover" }, face(talk.other), h("p", { attr: { role: "status" } }));
  const coverText = cover.querySelector("p")!;
  const localOff = h("p", { class: "local-off" }, "Camera off");
  const localMuted = h("p", { class: "local-muted", hidden: true }, icon("micOff"), "Muted");
  const time = h("span", { class: "call-clock", test: "call-clock", attr: { role: "timer", "aria-label": "Time left" } });
  const spoken = h("p", { class: "spoken-only", attr: { "aria-live": "polite" } });
  const peer = h("p", { class: "call-banner", test: "call-peer", hidden: true, attr: { role: "status" } });
  const problem = h("p", {});
  const problemBox = h(
    "div",
    { class: "call-banner", test: "call-problem", hidden: true, attr: { role: "alert" } },
    problem,
    h("button", { type: "button", class: "quiet small", on: { click: () => void session.retryDevices() } }, "Try again"),
    h("button", { type: "button", class: "quiet small", on: { click: () => dismiss() } }, "Go on without"),
  );
  const network = h("div", { class: "call-banner", test: "call-network", hidden: true, attr: { role: "status" } });
  network.append(
    h("p", {}, `The network does not let sound and picture through between you and ${who}. Still trying; meanwhile you can write.`),
    h("button", { type: "button", class: "quiet small", on: { click: () => session.restart() } }, "Try now"),
  );
  const listen = h("button", { type: "button", class: "primary listen", hidden: true, on: { click: () => void play() } }, `Tap to hear ${who}`);

  const tool = (name: Parameters<typeof icon>[0], test: string, click: () => void, cls = "tool") =>
    h("button", { type: "button", class: cls, test, on: { click } }, icon(name), h("span", {}));
  const mute = tool("mic", "call-mute", () => session.toggleMute());
  const camera = tool("camera", "call-camera", () => void session.toggleCamera());
  const write = tool("chat", "call-chat-toggle", () => toggleChat(), "tool writes");
  const more = tool("flag", "call-report", () => openReport(app, talk.other));
  const leave = tool("leave", "call-leave", () => void end(), "tool leave");
  label(more, "Report");
  label(leave, "Leave");

  async function end(): Promise<void> {
    leave.disabled = true;
    try {
      await evening.leaveCall(talk.call);
    } catch (e) {
      app.toast(refused(e, who, evening.client.now()), "bad");
      leave.disabled = false;
    }
  }

  function toggleChat(): void {
    const open = el.classList.toggle("chat-open");
    if (open) chat.el.querySelector("input")!.focus();
    update();
  }

  async function play(): Promise<void> {
    try {
      await remote.play();
      listen.hidden = true;
    } catch (e) {
      // After a reload browsers want a tap before a page may sound.
      if (e instanceof Error && e.name === "NotAllowedError") listen.hidden = false;
    }
  }

  let dismissed = "";
  function dismiss(): void {
    dismissed = explain(session.devices.problems);
    update();
  }

  const openedAt = performance.now();
  let backAt: number | undefined; // since when my own socket is up
  let restart = false; // the server ended it, to come back itself
  let theirs = talk.theirs;
  let shownLocal: MediaStreamTrack | undefined;
  function update(): void {
    const t = evening.state.talk ?? talk;
    chat.update?.();
    if (remote.srcObject !== session.remote && session.remote) {
      remote.srcObject = session.remote;
      void play();
    }
    const seen = session.remote?.getVideoTracks().some((v) => !v.muted && v.readyState === "live") === true;
    const linked = session.link === "connected";
    cover.hidden = seen && linked;
    say(coverText, coverWords());
    const own = session.devices.video;
    if (own !== shownLocal) {
      shownLocal = own;
      local.srcObject = own ? new MediaStream([own]) : null;
    }
    localOff.hidden = !!own;

    localMuted.hidden = !session.muted;

    turn(mute, session.muted ? ["micOff", "Unmute"] : ["mic", "Mute"], session.muted);
    turn(camera, session.cameraOff ? ["cameraOff", "Camera on"] : ["camera", "Camera off"], session.cameraOff);
    mute.disabled = !session.devices.audio;
    camera.disabled = !own && !session.cameraOff;
    if (t.theirs !== theirs) {
      theirs = t.theirs;
      if (theirs.length > 0 && !chatInSight()) app.toast(`${who} shared accounts with you. They are in the chat.`);
    }
    if (chatInSight()) chat.read();
    const unread = chat.unread();
    label(write, unread > 0 ? `Chat (${unread})` : "Chat");
    write.classList.toggle("has-news", unread > 0);

    const words = explain(session.devices.problems);
    problemBox.hidden = !words || words === dismissed;
    say(problem, words && `${words} You can still see, hear and write to ${who}.`);
    network.hidden = session.link !== "failing";
  }

  function chatInSight(): boolean {
    return wide.matches || el?.classList.contains("chat-open");
  }

  function coverWords(): string {
    if (isDemo(talk.other.bio)) return `${who} is a demo person and has no camera. You can write to each other.`;
    if (session.asking && session.link !== "connected") return "Your browser asks whether it may use your camera and microphone.";
    switch (session.link) {
      case "connecting":
        return !session.heard && performance.now() - openedAt > silentMs ? `No sound or picture from ${who}. You can write to each other.` : `Connecting you with ${who}…`;
      case "interrupted":
        return "The picture broke off. Mending it…";
      case "failing":
        return "No sound or picture yet.";
      default:
        return `${who}'s camera is off.`;
    }
  }

  const tick = (): void => {
    const t = evening.state.talk ?? talk;
    const now = evening.client.now();
    const left = (t.deadline - now) / 1000;
    say(time, clock(left));
    time.classList.toggle("last-minute", left < 60);
    const whole = Math.ceil(left);
    if (whole === 60 || whole === 10) say(spoken, `${whole === 60 ? "One minute" : "Ten seconds"} left`);
    const status = evening.client.status;
    if (status.state === "waiting") restart = status.code === Close.draining;
    if (status.state !== "online") backAt = undefined;
    else backAt ??= performance.now();
    const words = waitingWords(who, backAt === undefined ? 0 : performance.now() - backAt + 1, t.peerLostUntil, now, restart);
    say(peer, words);
    peer.hidden = !words;
    say(coverText, coverWords());
  };

  const wide = matchMedia("(min-width: 900px)");
  const el = h(
    "section",
    { class: "call", test: "call", data: { call: talk.call, person: talk.other.id } },
    h(
      "div",
      { class: "stage" },
      remote,
      cover,
      h("div", { class: "call-top" }, h("h1", { tabIndex: -1 }, who), time),
      h("div", { class: "call-banners" }, peer, problemBox, network),
      h("div", { class: "local" }, local, localOff, localMuted),
      listen,
      spoken,
      h("div", { class: "tools", attr: { role: "toolbar", "aria-label": "Call" } }, mute, camera, write, more, leave),
    ),
    chat.el,
  );
  update();
  const stop = ticking(tick);
  const lock = keepAwake();
  return {
    el,
    update,
    close() {
      stop();
      lock();
      chat.close?.();
      remote.srcObject = local.srcObject = null;
    },
  };
}

/** A switch whose label is what pressing it does; data-off says how it stands. */
function turn(b: HTMLButtonElement, [name, text]: [Parameters<typeof icon>[0], string], off: boolean): void {
  if (b.dataset["off"] !== String(off)) b.querySelector("svg")!.replaceWith(icon(name));
  b.dataset["off"] = String(off);
  label(b, text);
}

function label(b: HTMLButtonElement, text: string): void {
  say(b.querySelector("span")!, text);
}

/** A phone must not fall asleep in the middle of a talk. */
function keepAwake(): () => void {
  let over = false;
  let lock: WakeLockSentinel | undefined;
  const hold = async () => {
    if (document.visibilityState !== "visible" || over) return;
    try {
      lock = await navigator.wakeLock.request("screen");
      if (over) void lock.release();
    } catch {
      // Not offered here, or the battery is low.
    }
  };
  void hold();
  document.addEventListener("visibilitychange", hold);
  return () => {
    over = true;
    document.removeEventListener("visibilitychange", hold);
    void lock?.release();
  };
}
