import type { CoreAddress, Heartbeat, Lease, PlacementDecision } from "@fairlead/protocol";
import type { PlaceRequest } from "../registry.ts";
import type { NodeTable } from "./node-table.ts";
import type { Reservations } from "./reservations.ts";
import type { Room, RoomTable } from "./room-table.ts";

/** A lease that its living node does not name for this long lapses: the room was never opened, or its release was lost. */
const CONFIRM_WITHIN_MS = 5_000;

/** Who may serve which room. */
export class Leases {
  readonly #rooms: RoomTable;
  readonly #nodes: NodeTable;
  readonly #reservations: Reservations;

  constructor(rooms: RoomTable, nodes: NodeTable, reservations: Reservations) {
    this.#rooms = rooms;
    this.#nodes = nodes;
    this.#reservations = reservations;
  }

  /** @param suspect An incarnation that the caller could not reach. @returns The lease in force. */
  live(room: Room, nowMs: number, suspect?: string): Lease | null {
    const { lease, confirmedAtMs } = room;
    const isLive =
      lease !== null &&
      nowMs - confirmedAtMs <= CONFIRM_WITHIN_MS &&
      this.#nodes.isAlive(lease.incarnation, nowMs, suspect);
    return isLive ? lease : null;
  }

  /** @returns The lease that answers the request as it is, without a new claim. */
  standing(room: Room, { suspect, supersedes }: PlaceRequest, nowMs: number): Lease | null {
    const lease = this.live(room, nowMs, suspect);
    if (!lease || !supersedes) return lease;
    const isGivenUp = lease.epoch === supersedes.epoch && lease.incarnation === supersedes.incarnation;
    return isGivenUp ? null : lease;
  }

  /** The epoch passes every one the room had, also when its clock stands still, and that of an index that was lost. */
  claim(room: Room, core: CoreAddress, decision: PlacementDecision, nowMs: number): Lease {
    const epoch = Math.max(room.lastEpoch + 1, nowMs);
    const lease = { roomId: room.roomId, ...core, epoch };
    this.#rooms.setLease(room, lease, nowMs);
    this.#reservations.startRoom(room.roomId, core, nowMs);
    room.decision = decision;
    return lease;
  }

  /**
   * Takes a node's word for the leases it serves.
   * @returns Those in force with a higher epoch instead.
   */
  confirm(beat: Heartbeat, nowMs: number): Lease[] {
    return beat.leases.flatMap(({ roomId, core, epoch }) => {
      const room = this.#rooms.obtain(roomId, nowMs);
      const held = room.lease;
      const isSame = held?.incarnation === beat.incarnation && held.epoch === epoch;
      if (isSame) room.confirmedAtMs = nowMs;
      else if (held === null || held.epoch < epoch)
        this.#takeUp(
          room,
          { roomId, nodeId: beat.nodeId, incarnation: beat.incarnation, core, epoch },
          nowMs,
        );
      else if (held.incarnation !== beat.incarnation) return [{ ...held }];
      return [];
    });
  }

  /** Ends those that the living node has not named in time. */
  lapseUnconfirmed(incarnation: string, nowMs: number): void {
    for (const room of this.#rooms.heldBy(incarnation))
      if (nowMs - room.confirmedAtMs > CONFIRM_WITHIN_MS) this.end(room, nowMs);
  }

  end(room: Room, nowMs: number): void {
    this.#rooms.setLease(room, null, nowMs);
    room.decision = null;
    this.#reservations.dropRoom(room.roomId);
    this.#rooms.dropIfIdle(room);
  }

  /** The node knows of a lease that this index lost, or never heard of. */
  #takeUp(room: Room, lease: Lease, nowMs: number): void {
    this.#rooms.setLease(room, lease, nowMs);
    this.#reservations.dropRoom(room.roomId);
    room.decision = null;
  }
}
