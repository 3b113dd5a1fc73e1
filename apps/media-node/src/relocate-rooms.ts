import { type Bus, encodeJson } from "@fairlead/bus";
import { type CoreAddress, FairleadError, type Lease, type RoomControl, subjects } from "@fairlead/protocol";
import type { Placement, Registry } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import type { Rooms } from "./rooms.ts";
import type { Core } from "./worker/core.ts";

export type RelocateDeps = {
  nodeId: string;
  incarnation: string;
  bus: Bus;
  registry: Registry;
  rooms: Rooms;
  log: Logger;
};

/** Rooms placed at once: their peers come back all together, and each costs two transports. */
const AT_ONCE = 4;

/** A worker died: its rooms get another core, here or elsewhere, and their peers are told. */
export async function relocateRoomsOf(core: Core, deps: RelocateDeps): Promise<void> {
  const rooms = deps.rooms.all().filter((room) => room.lease.core === core.index);
  for (const room of rooms) deps.rooms.abandon(room);
  const dead = { nodeId: deps.nodeId, incarnation: deps.incarnation, core: core.index };
  await paced(
    rooms.map((room) => room.lease),
    (lease) => relocate(lease, dead, core, deps),
  );
}

/** Rooms of nodes that are gone, handed to this one by the registry. */
export async function takeOver(orphans: readonly Lease[], deps: RelocateDeps): Promise<void> {
  await paced(orphans, async ({ roomId }) => announce(await deps.registry.place({ roomId }), deps));
}

async function relocate(lease: Lease, dead: CoreAddress, core: Core, deps: RelocateDeps): Promise<void> {
  const supersedes = { incarnation: lease.incarnation, epoch: lease.epoch };
  try {
    await announce(await deps.registry.place({ roomId: lease.roomId, supersedes, exclude: [dead] }), deps);
  } catch (error) {
    if (!(error instanceof FairleadError) || error.code !== "no_capacity") throw error;
    // No other core has room: the same one, once its new worker runs.
    await core.whenStarted();
    await announce(await deps.registry.place({ roomId: lease.roomId, supersedes }), deps);
  }
}

async function announce({ lease, room, decision }: Placement, deps: RelocateDeps): Promise<void> {
  deps.log.info("room.moved", {
    roomId: lease.roomId,
    nodeId: lease.nodeId,
    core: lease.core,
    epoch: lease.epoch,
    why: decision.reason,
  });
  // Open before its peers come, so that the first of them does not wait for the router.
  if (lease.incarnation === deps.incarnation) await deps.rooms.open({ lease, ...room });
  deps.bus.publish(
    subjects.roomControl(lease.roomId),
    encodeJson({ type: "moved", lease } satisfies RoomControl),
  );
}

async function paced<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < items.length; start += AT_ONCE)
    await Promise.all(items.slice(start, start + AT_ONCE).map(act));
}
