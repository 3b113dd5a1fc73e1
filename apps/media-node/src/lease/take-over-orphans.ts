import type { Lease } from "@fairlead/protocol";
import { type LeaseDeps, openAndTell } from "./open-and-tell.ts";
import { ROOMS_AT_ONCE, Turns } from "./turns.ts";
import { untilPlaced } from "./until-placed.ts";

/** About as long as the registry waits before it hands the room to another heir. */
const TRIES = 20;

/** Places rooms of nodes that are gone, which the registry handed to this node: here or elsewhere. */
export async function takeOverOrphans(orphans: readonly Lease[], deps: LeaseDeps): Promise<void> {
  const turns = new Turns(ROOMS_AT_ONCE);
  const beganMs = performance.now();
  const takeOver = async ({ roomId, incarnation }: Lease) => {
    try {
      await untilPlaced({ tries: TRIES, turns }, async () => {
        const placed = await deps.registry.place({ roomId });
        // Otherwise that node lives after all, and the peers are where the room is.
        if (placed.lease.incarnation !== incarnation) await openAndTell(placed, "node_lost", deps, beganMs);
      });
    } catch (error) {
      // The registry hands the room out again as long as no node serves it.
      deps.log.warn("room.take_over_failed", { roomId, from: incarnation, error });
    }
  };
  await Promise.all(orphans.map(takeOver));
}
