import type { CoreAddress, Lease } from "@fairlead/protocol";
import { LINGER_MS } from "../room/reseat.ts";
import type { Room } from "../room/room.ts";
import { type LeaseDeps, noteMoved } from "./open-and-tell.ts";
import { type MoveCause, tellMoved } from "./tell-moved.ts";

export type MoveDeps = LeaseDeps & {
  /** What the room takes here, in cores; undefined: it has not been measured. */
  loadOf: (room: Room) => number | undefined;
};

export type MoveRequest = {
  /** Of the lease to give up, as the registry knows it. */
  epoch: number;
  /** Where it must not go. */
  exclude: CoreAddress[];
  cause: MoveCause;
};

/**
 * Has a room placed anew, and tells its peers: its media goes on here until they are there.
 * @returns The lease that the registry has for it now: this node's as before, if the registry did not take that for given up.
 * @throws {FairleadError} `no_capacity` and the registry's other refusals: the room stays. `core_full`, `lease_lost`: its new core of this
 * node can't take it, and its peers have it placed once more.
 */
export async function moveRoom(
  room: Room,
  { epoch, exclude, cause }: MoveRequest,
  deps: MoveDeps,
): Promise<Lease> {
  const { incarnation, bus, registry, rooms, log, metrics } = deps;
  const { roomId, bans } = room;
  const beganMs = performance.now();
  const supersedes = { incarnation, epoch };
  const movedLoad = deps.loadOf(room);
  const placed = await registry.place({
    ...{ roomId, supersedes, exclude },
    ...(movedLoad === undefined ? {} : { movedLoad }),
  });
  const { lease, isNew, room: record, decision } = placed;
  const isOurs = lease.incarnation === incarnation;
  if (isOurs && !isNew) return lease;
  // In this very turn, before a peer that is told or comes by chance.
  const mutes = [...(room.isBlind ? record.mutes : []), ...room.mutes.all()];
  const opening = isOurs ? rooms.open({ lease, ...record, bans, mutes, cause, overlapMs: LINGER_MS }) : null;
  const { nodeId, core, epoch: toEpoch } = lease;
  log.info("room.moved", { roomId, nodeId, core, epoch: toEpoch, cause, why: decision.reason });
  tellMoved(lease, bus, { cause, overlapMs: LINGER_MS });
  noteMoved(metrics, cause, beganMs);
  if (!isOurs && rooms.isHere(room)) rooms.linger(room);
  await opening;
  return lease;
}
