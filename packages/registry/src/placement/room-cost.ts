import type { PlacementPolicy } from "./placement-policy.ts";

/**
 * What a young room is expected to add to what its peers already cost: rooms are placed small and grow, and a burst of them
 * must not land on one core meanwhile. Together with its peers, measured or still debited, the room so counts as
 * max(peers × peer cost, expected cost × ramp).
 *
 * @param ageMs Since the room was placed.
 * @param peers How many were placed into it since.
 */
export function growthPpm(ageMs: number, peers: number, policy: PlacementPolicy): number {
  const expectedPpm = Math.floor((policy.roomCostPpm * rampPermille(ageMs, policy)) / 1_000);
  return Math.max(0, expectedPpm - peers * policy.peerCostPpm);
}

/** Full for the first half of the reservation, then falling to nothing: by then the room has shown what it is. */
function rampPermille(ageMs: number, { reservationMs }: PlacementPolicy): number {
  const leftMs = Math.max(0, reservationMs - ageMs);
  return Math.min(1_000, Math.floor((leftMs * 2_000) / reservationMs));
}
