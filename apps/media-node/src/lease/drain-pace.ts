/**
 * What a room's peers cost the nodes that they come back to, ms of one core each: two transports and what they receive. Rooms go
 * at this pace, so that those nodes serve others meanwhile.
 */
const PEER_MS = 40;
/** Of a room itself, also of an empty one. */
const ROOM_MS = 20;

/**
 * The pause after a room has been handed over. A deadline shortens all pauses alike.
 *
 * @param peers Of that room.
 * @param leftPeers Of each room that waits still, that one left out.
 * @param leftMs Until all of them should be away.
 */
export function pauseAfterMs(peers: number, leftPeers: readonly number[], leftMs: number): number {
  const total = leftPeers.reduce((sum, count) => sum + costMs(count), costMs(peers));
  return costMs(peers) * Math.min(1, Math.max(0, leftMs) / total);
}

function costMs(peers: number): number {
  return ROOM_MS + PEER_MS * peers;
}
