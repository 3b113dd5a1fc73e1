import { Budget } from "./budget.ts";
import { type BudgetLimits, KEPT_BUDGETS, type KeptBudgetName } from "./peer-budgets.ts";

const PRUNED_EVERY_MS = 10_000;

/**
 * What each identity has spent in each room. It is kept until it has come back: a new session or the room's end makes no budget
 * whole, only a move of the room does, or the death of its core.
 */
export class SpentBudgets {
  readonly #limits: BudgetLimits;
  readonly #now: () => number;
  /** By room, then identity. */
  readonly #rooms = new Map<string, Map<string, Map<KeptBudgetName, Budget>>>();
  #prunedAtMs: number;

  constructor(limits: BudgetLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#prunedAtMs = now();
  }

  /** Ask again for each use: a budget that is whole is forgotten. */
  of(roomId: string, identity: string, name: KeptBudgetName): Budget {
    const room = getOrMake(this.#rooms, roomId, () => new Map<string, Map<KeptBudgetName, Budget>>());
    const budgets = getOrMake(room, identity, () => new Map<KeptBudgetName, Budget>());
    return getOrMake(budgets, name, () => new Budget({ ...KEPT_BUDGETS, ...this.#limits }[name], this.#now));
  }

  /** The room has moved: all of its peers join anew, and publish and subscribe anew. */
  forget(roomId: string): void {
    this.#rooms.delete(roomId);
  }

  /** The worker of its core died: it joins anew, and publishes and subscribes anew. */
  forgetIdentity(roomId: string, identity: string): void {
    this.#rooms.get(roomId)?.delete(identity);
  }

  /** Forgets what has come back. Called often; does something every ten seconds. */
  prune(): void {
    if (Math.abs(this.#now() - this.#prunedAtMs) < PRUNED_EVERY_MS) return;
    this.#prunedAtMs = this.#now();
    for (const [roomId, room] of this.#rooms) {
      for (const [identity, budgets] of room)
        if ([...budgets.values()].every(({ isWhole }) => isWhole)) room.delete(identity);
      if (room.size === 0) this.#rooms.delete(roomId);
    }
  }

  /** Rooms that anything is kept of. */
  get size(): number {
    return this.#rooms.size;
  }
}

function getOrMake<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
