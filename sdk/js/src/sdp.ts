/**
 * The session id in a description's o= line. A browser keeps it for the life of
 * one RTCPeerConnection, so another value means another connection.
 */
export function originOf(sdp: string): string {
  return /^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? "";
}
