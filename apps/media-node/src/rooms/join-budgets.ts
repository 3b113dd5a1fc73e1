import { Budget, type BudgetLimit } from "../room/budget.ts";

/** So many takings apart, budgets that are whole again are forgotten. */
const PRUNED_EVERY = 1_000;

/** How often each identity joins each room: an end of the room does not make them whole, its move does. */
export class JoinBudgets {
  readonly #limit: BudgetLimit;
  readonly #now: () => number;
  /** By room, then identity. */
  readonly #rooms = new Map<string, Map<string, Budget>>();
  #taken = 0;

  constructor(limit: BudgetLimit, now: () => number) {
    this.#limit = limit;
    this.#now = now;
  }

  /**
   * @returns Gives it back: the join came to nothing.
   * @throws {FairleadError} `rate_limited`.
   */
  take(roomId: string, identity: string): () => void {
    this.#taken += 1;
    if (this.#taken % PRUNED_EVERY === 0) this.#prune();
    const budget = this.#of(roomId, identity);
    budget.assertLeft(1);
    budget.spend(1);
    return () => budget.giveBack(1);
  }

  /** The room has moved: all of its peers join anew. */
  forget(roomId: string): void {
    this.#rooms.delete(roomId);
  }

  #of(roomId: string, identity: string): Budget {
    const room = this.#rooms.get(roomId) ?? new Map<string, Budget>();
    this.#rooms.set(roomId, room);
    const budget = room.get(identity) ?? new Budget(this.#limit, this.#now);
    room.set(identity, budget);
    return budget;
  }

  #prune(): void {
    for (const [roomId, room] of this.#rooms) {
      for (const [identity, budget] of room) if (budget.isWhole) room.delete(identity);
      if (room.size === 0) this.#rooms.delete(roomId);
    }
  }
}
