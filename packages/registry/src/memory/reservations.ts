import type { CoreAddress, Lease } from "@fairlead/protocol";
import type { PlacementPolicy } from "../placement/placement-policy.ts";
import { Debits } from "./debits.ts";
import type { DebitOf } from "./node-view.ts";
import { YoungRooms } from "./young-rooms.ts";

/** What cores have promised: to peers on their way, and to young rooms that will grow. */
export class Reservations {
  readonly #policy: PlacementPolicy;
  readonly #debits = new Debits();
  readonly #youngRooms: YoungRooms;

  constructor(policy: PlacementPolicy) {
    this.#policy = policy;
    this.#youngRooms = new YoungRooms(policy);
  }

  startRoom(roomId: string, core: CoreAddress, nowMs: number): void {
    this.dropRoom(roomId);
    this.#youngRooms.start(roomId, core, nowMs);
  }

  addPeer(debitId: string, { roomId, incarnation, core }: Lease, nowMs: number): void {
    const costPpm = this.#policy.peerCostPpm;
    this.#debits.open({ debitId, roomId, incarnation, core, costPpm, atMs: nowMs });
    this.#youngRooms.addPeer(roomId);
  }

  settle(incarnation: string, debitIds: readonly string[]): void {
    this.#debits.settle(incarnation, debitIds);
  }

  /** The room left its core: its load there, promised or not, goes with it. */
  dropRoom(roomId: string): void {
    this.#debits.dropRoom(roomId);
    this.#youngRooms.drop(roomId);
  }

  expire(nowMs: number): void {
    this.#debits.dropOlderThan(nowMs - this.#policy.reservationMs);
    this.#youngRooms.dropGrown(nowMs);
  }

  /** @returns All that is reserved on each core at this moment. */
  at(nowMs: number): DebitOf {
    const growth = this.#youngRooms.growthPpm(nowMs);
    return (incarnation, core) =>
      this.#debits.sumPpm({ incarnation, core }) + (growth.get(incarnation)?.get(core) ?? 0);
  }
}
