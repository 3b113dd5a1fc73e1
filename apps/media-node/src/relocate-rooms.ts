import { type Bus, encodeJson } from "@fairlead/bus";
import {
  type CoreAddress,
  FairleadError,
  inBatches,
  type Lease,
  type RoomControl,
  subjects,
} from "@fairlead/protocol";
import type { Placement, PlaceRequest, Registry } from "@fairlead/registry";
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

/** While the registry has no core for a room it is asked again, so often and after so long. */
const PLACE_TRIES = 20;
const PLACE_PAUSE_MS = 250;
/** Rooms placed at once: their peers come back all together, and each costs two transports. */
const AT_ONCE = 4;

/** A worker died: its rooms get another core, here or elsewhere, and their peers are told. */
export async function relocateRoomsOf(core: Core, deps: RelocateDeps): Promise<void> {
  const rooms = deps.rooms.all().filter((room) => room.lease.core === core.index);
  for (const room of rooms) deps.rooms.abandon(room);
  const dead = { nodeId: deps.nodeId, incarnation: deps.incarnation, core: core.index };
  const leases = rooms.map((room) => room.lease);
  await paced(leases, deps, (lease) => relocate(lease, dead, core, deps));
}

/** Rooms of nodes that are gone, handed to this one by the registry. */
export async function takeOver(orphans: readonly Lease[], deps: RelocateDeps): Promise<void> {
  await paced(orphans, deps, async ({ roomId }) => announce(await placePatiently({ roomId }, deps), deps));
}

async function relocate(lease: Lease, dead: CoreAddress, core: Core, deps: RelocateDeps): Promise<void> {
  const supersedes = { incarnation: lease.incarnation, epoch: lease.epoch };
  try {
    await announce(await deps.registry.place({ roomId: lease.roomId, supersedes, exclude: [dead] }), deps);
  } catch (error) {
    if (!isFull(error)) throw error;
    // No other core has room: the same one, once its new worker runs.
    await core.whenStarted();
    await announce(await placePatiently({ roomId: lease.roomId, supersedes }, deps), deps);
  }
}

/** A heartbeat tells the registry of a new worker, not its start; and peers leave full cores. */
async function placePatiently(request: PlaceRequest, { registry }: RelocateDeps): Promise<Placement> {
  for (let tries = 1; ; tries++) {
    try {
      return await registry.place(request);
    } catch (error) {
      if (!isFull(error) || tries === PLACE_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PLACE_PAUSE_MS).unref());
    }
  }
}

function isFull(error: unknown): boolean {
  return error instanceof FairleadError && error.code === "no_capacity";
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

/** A room that finds no place does not keep the others from theirs. */
async function paced(
  leases: readonly Lease[],
  { log }: RelocateDeps,
  act: (lease: Lease) => Promise<void>,
): Promise<void> {
  const tryOne = (lease: Lease) =>
    act(lease).catch((error) => log.error("room.relocation_failed", { roomId: lease.roomId, error }));
  for (const some of inBatches(leases, AT_ONCE)) await Promise.all(some.map(tryOne));
}
