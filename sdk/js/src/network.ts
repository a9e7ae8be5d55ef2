import type { Client } from "./client.ts";

/** Ties a client to this browser's network and tab events; the returned function unties. */
export function followBrowser(c: Client, w: Window = window): () => void {
  const online = () => {
    // The old socket belongs to the old network and may stay silent for minutes.
    if (c.status.state !== "stopped") c.reconnect();
  };
  const seen = () => {
    if (w.document.visibilityState === "visible" && c.status.state === "waiting") c.retry();
  };
  w.addEventListener("online", online);
  w.document.addEventListener("visibilitychange", seen);
  return () => {
    w.removeEventListener("online", online);
    w.document.removeEventListener("visibilitychange", seen);
  };
}
