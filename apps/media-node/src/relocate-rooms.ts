import { type Bus, encodeJson } from "@fairlead/bus";
import {
  type CoreAddress,
  FairleadError,
  inBatches,
  type Lease,
  type RoomControl,
  subjects,
} from "@fairlead/protocol";
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

/** A room that finds no place is tried again, so often and after so long: workers restart, peers leave full cores. */
const PLACE_TRIES = 60;
const PLACE_PAUSE_MS = 150;
/** Rooms placed at once: their peers come back all together, and each costs two transports. */
const AT_ONCE = 4;

/** A worker died: its rooms get another core, here or elsewhere, and their peers are told. */
export async function relocateRoomsOf(core: Core, deps: RelocateDeps): Promise<void> {
  const rooms = deps.rooms.onCore(core.index);
  for (const room of rooms) deps.rooms.abandon(room);
  const dead = { nodeId: deps.nodeId, incarnation: deps.incarnation, core: core.index };
  const leases = rooms.map((room) => room.lease);
  await paced(leases, deps, (lease) => relocate(lease, dead, deps));
}

/** Rooms of nodes that are gone, handed to this one by the registry. */
export async function takeOver(orphans: readonly Lease[], deps: RelocateDeps): Promise<void> {
  await paced(orphans, deps, ({ roomId }) =>
    untilPlaced(async () => announce(await deps.registry.place({ roomId }), deps)),
  );
}

async function relocate(lease: Lease, dead: CoreAddress, deps: RelocateDeps): Promise<void> {
  let held = lease;
  await untilPlaced(async (tries) => {
    // A peer that came back by itself may have had the room placed: moving it again would interrupt everybody twice.
    const reopened = deps.rooms.roomIfHere(lease.roomId);
    if (reopened) return tellMoved(reopened.lease, deps.bus);
    const placed = await deps.registry.place({
      roomId: lease.roomId,
      supersedes: { incarnation: held.incarnation, epoch: held.epoch },
      // Another core if there is one; else the same, once its new worker runs.
      ...(tries === 1 ? { exclude: [dead] } : {}),
    });
    // If it fails here too, this is the lease to give up.
    if (placed.lease.incarnation === deps.incarnation) held = placed.lease;
    await announce(placed, deps);
  });
}

/** The chosen core may be full, or its worker dead as well and the registry not know yet. */
async function untilPlaced(place: (tries: number) => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await place(tries);
    } catch (error) {
      if (!(error instanceof FairleadError) || tries === PLACE_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, PLACE_PAUSE_MS).unref());
    }
  }
}

/** Another holds the room with a higher epoch: only that is evidence that it is not ours any more. */
export function yieldRoom(lease: Lease, { rooms, bus }: RelocateDeps): void {
  const room = rooms.roomIfHere(lease.roomId);
  if (!room || room.lease.epoch >= lease.epoch) return;
  rooms.abandon(room);
  tellMoved(lease, bus);
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
  tellMoved(lease, deps.bus);
}

function tellMoved(lease: Lease, bus: Bus): void {
  bus.publish(subjects.roomControl(lease.roomId), encodeJson({ type: "moved", lease } satisfies RoomControl));
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
