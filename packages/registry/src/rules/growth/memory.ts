import type { PlacementPolicy } from "../policy.ts";

/**
 * What a young room is expected to add to what its peers already cost: rooms are placed small and grow, and a burst of them
 * must not land on one core meanwhile. Together with its peers, measured or still debited, the room so counts as
 * max(peers × peer cost, expected cost × ramp).
 *
 * @param room.ageMs Since the room was placed.
 * @param room.peers How many were placed into it since.
 * @param room.costPpm What it was expected to come to when it was placed.
 */
export function growthPpm(
  room: { ageMs: number; peers: number; costPpm: number },
  policy: PlacementPolicy,
): number {
  const expectedPpm = Math.floor((room.costPpm * rampPermille(room.ageMs, policy)) / 1_000);
  return Math.max(0, expectedPpm - room.peers * policy.peerCostPpm);
}

/** Full for the first half of the reservation, then falling to nothing: by then the room has shown what it is. */
function rampPermille(ageMs: number, { reservationMs }: PlacementPolicy): number {
  const leftMs = Math.max(0, reservationMs - ageMs);
  return Math.min(1_000, Math.floor((leftMs * 2_000) / reservationMs));
}
