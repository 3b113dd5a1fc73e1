import { type BroadcastRecord, BroadcastState, FairleadError, type Lease } from "@fairlead/protocol";
import { ScoredSet } from "../../memory/scored-set.ts";
import type { BroadcastWrite } from "../../registry.ts";

type Room = { roomId: string; broadcast: BroadcastRecord | null };
type KnownRoom = Room & { lease: Pick<Lease, "epoch"> | null; lastEpoch: number; said: Set<string> | null };

/** Which rooms are broadcasts, by id, and by the state that was last written. */
export class BroadcastTable {
  readonly #all = new ScoredSet();
  readonly #byState: Record<BroadcastState, ScoredSet> = {
    created: new ScoredSet(),
    live: new ScoredSet(),
    interrupted: new ScoredSet(),
    ended: new ScoredSet(),
  };

  /** @returns Whether the room was a broadcast until now. */
  note({ roomId, broadcast }: Room): boolean {
    const wasBroadcast = this.forget(roomId);
    if (!broadcast) return wasBroadcast;
    this.#all.set(roomId, 0);
    this.#byState[broadcast.state].set(roomId, 0);
    return wasBroadcast;
  }

  /** @returns Whether it was known. */
  forget(roomId: string): boolean {
    for (const state of BroadcastState.options) this.#byState[state].delete(roomId);
    return this.#all.delete(roomId);
  }

  /** @returns In order of room id, those after `cursor`. */
  *idsAfter(cursor: string, state?: BroadcastState): Generator<string> {
    const ids = state === undefined ? this.#all : this.#byState[state];
    for (const { member } of ids.from(0, cursor)) if (member !== cursor) yield member;
  }
}

/**
 * A home that has been overtaken hears that first, so that it does not read the record anew and try again.
 * @param room undefined: there is none.
 * One whose record was lost keeps its broadcast, and writes again when it has told what it knows.
 * @throws {FairleadError} `broadcast_not_found`, `registry_cold`, `lease_lost`, `broadcast_exists`, `broadcast_conflict`.
 */
export function refuseWrite(room: KnownRoom | undefined, { ifRevision, epoch }: BroadcastWrite): void {
  const known = room?.broadcast;
  if (!known && ifRevision !== null) {
    const isLost = !room || (room.said !== null && !room.said.has("broadcast"));
    throw new FairleadError(isLost && epoch !== undefined ? "registry_cold" : "broadcast_not_found");
  }
  if (room && epoch !== undefined && epoch < (room.lease?.epoch ?? room.lastEpoch))
    throw new FairleadError("lease_lost");
  const isTaken = known || (room?.lease && epoch === undefined);
  if (ifRevision === null && isTaken) throw new FairleadError("broadcast_exists");
  if (known && ifRevision !== known.revision) throw new FairleadError("broadcast_conflict");
}

/** @returns The time that a broadcast's record is kept until, and then for as long as any room's; milliseconds since 1970. */
export function neededUntilMs({ startsAtMs, endsAtMs }: BroadcastRecord): number {
  return Math.max(startsAtMs ?? 0, endsAtMs ?? 0);
}
