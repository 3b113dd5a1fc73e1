import type { Bus } from "@fairlead/bus";
import type { HeartbeatParts } from "../heartbeat/assemble-heartbeat.ts";
import type { Room } from "../room/room.ts";
import type { Core } from "../worker/core.ts";
import { Claims } from "./claims.ts";
import { Drain } from "./drain.ts";
import type { LeaseDeps } from "./open-and-tell.ts";
import type { Readiness } from "./readiness.ts";
import { Relief } from "./relief.ts";
import { RoomOwners } from "./room-owners.ts";
import type { RoomRecords } from "./room-records.ts";
import { type Move, tellMoved } from "./tell-moved.ts";

export type AssembleLeasesDeps = LeaseDeps & {
  cores: readonly Core[];
  readiness: Readiness;
  records: RoomRecords;
  heartbeat: HeartbeatParts;
  now: () => number;
  busyLoad: number | undefined;
};

export type LeaseParts = ReturnType<typeof assembleLeases>;

/** The parts that decide which node serves a room. */
export function assembleLeases(deps: AssembleLeasesDeps) {
  const { cores, heartbeat, readiness, records, bus, rooms, log } = deps;
  const loadOf = (room: Room) => heartbeat.costs.loadOf(room);
  const drain = new Drain({ ...deps, loadOf, cores: cores.length, beat: heartbeat.beat });
  const owners = new RoomOwners({ bus, log, rooms, revalidation: heartbeat.revalidation });
  const relief = new Relief({ ...deps, loadOf });
  const claims = new Claims({ ...deps, isRegistryAway: () => heartbeat.heartbeats.isFailing });
  rooms.watch({
    beforeOpening: () => readiness.assertReady(),
    onOpened: (room, move) => {
      owners.serve(room);
      tellOpened(room, bus, move);
      void records.read(room);
    },
    onClosed: (room) => owners.stop(room),
  });
  return { drain, claims, relief };
}

/**
 * Tells the peers that are still at the room's former place: a join may have taken the room from a node that hangs. Peers that come
 * here ignore it. A room that this node claimed by itself is not announced, as another node may serve it.
 */
function tellOpened({ lease, isLocal }: Room, bus: Bus, { cause, overlapMs }: Move): void {
  if (!isLocal) tellMoved(lease, bus, { cause, overlapMs });
}
