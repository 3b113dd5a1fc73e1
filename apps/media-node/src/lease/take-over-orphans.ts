import type { Lease } from "@fairlead/protocol";
import { LINGER_MS } from "../room/reseat.ts";
import { type LeaseDeps, openAndTell } from "./open-and-tell.ts";
import { ROOMS_AT_ONCE, Turns } from "./turns.ts";
import { untilPlaced } from "./until-placed.ts";

/** About as long as the registry waits before it hands the room to another heir. */
const TRIES = 20;

export type TakeOverDeps = LeaseDeps & {
  /** Whether a node that has lost its rooms goes on with their media: it has lost the bus or the registry alone. */
  livesOn: (incarnation: string) => Promise<boolean>;
};

/** Places rooms of nodes that are gone, which the registry handed to this node: here or elsewhere. */
export async function takeOverOrphans(orphans: readonly Lease[], deps: TakeOverDeps): Promise<void> {
  const turns = new Turns(ROOMS_AT_ONCE);
  const beganMs = performance.now();
  const takeOver = async ({ roomId, incarnation }: Lease) => {
    try {
      await untilPlaced({ tries: TRIES, turns }, async () => {
        const placed = await deps.registry.place({ roomId });
        // Otherwise that node lives after all, and the peers are where the room is.
        if (placed.lease.incarnation === incarnation) return;
        const overlapMs = (await deps.livesOn(incarnation)) ? LINGER_MS : undefined;
        await openAndTell(placed, { cause: "node_lost", overlapMs }, deps, beganMs);
      });
    } catch (error) {
      // The registry hands the room out again as long as no node serves it.
      deps.log.warn("room.take_over_failed", { roomId, from: incarnation, error });
    }
  };
  await Promise.all(orphans.map(takeOver));
}
