/** Whether a relay of ours carries the media. Without figures, or of a closed connection: no. */
export async function relayed(pc: RTCPeerConnection): Promise<boolean> {
  let stats: RTCStatsReport;
  try {
    stats = await pc.getStats();
  } catch {
    return false;
  }
  const all = new Map<string, any>(stats as unknown as Map<string, unknown>);
  return [...all.values()].some(
    (s) => s.type === "candidate-pair" && s.nominated === true && s.state === "succeeded" && all.get(s.localCandidateId)?.candidateType === "relay",
  );
}
