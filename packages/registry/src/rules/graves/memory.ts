import { LEASE_SLOTS } from "@fairlead/protocol";
import { ScoredSet } from "../../memory/scored-set.ts";
import type { Orphans } from "../orphans/memory.ts";
import type { PlacementPolicy } from "../policy.ts";

/**
 * The rooms of nodes that are dead or cut off. Each heartbeat, whoever's, digs some out: they become orphans. A burial itself so costs the
 * same however many rooms there are.
 */
export class Graves {
  /** Incarnations by the slot from which on their rooms are to be dug. */
  readonly #from = new ScoredSet();
  readonly #leases = new Map<string, ScoredSet>();
  readonly #policy: PlacementPolicy;

  constructor(policy: PlacementPolicy) {
    this.#policy = policy;
  }

  /** @param leases Room ids by slot. */
  open(incarnation: string, leases: ScoredSet): void {
    if (leases.size === 0) return;
    this.#from.set(incarnation, 0);
    this.#leases.set(incarnation, leases);
  }

  /** The node is back. @returns What it had and nobody took. */
  close(incarnation: string): ScoredSet | undefined {
    const leases = this.#leases.get(incarnation);
    this.#from.delete(incarnation);
    this.#leases.delete(incarnation);
    return leases;
  }

  dig(orphans: Orphans): void {
    let left = this.#policy.orphansPerBeat;
    for (let grave = 0; grave < this.#policy.gravesPerBeat && left > 0; grave += 1) {
      const [next] = this.#from.from();
      if (!next) return;
      left -= this.#digSlots(next.member, next.score, { most: left, orphans });
    }
  }

  /** Takes as many slots as hold `most` rooms on average. @returns How many rooms there were. */
  #digSlots(
    incarnation: string,
    from: number,
    { most, orphans }: { most: number; orphans: Orphans },
  ): number {
    const leases = this.#leases.get(incarnation) ?? new ScoredSet();
    const to = from + Math.ceil((most * LEASE_SLOTS) / Math.max(1, leases.size));
    const roomIds = leases.between(from, to);
    for (const roomId of roomIds) orphans.add({ roomId });
    if (to < LEASE_SLOTS) this.#from.set(incarnation, to);
    else this.close(incarnation);
    return roomIds.length;
  }
}
