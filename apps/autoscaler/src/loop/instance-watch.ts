import type { SeenInstance } from "../decide/observation.ts";
import type { NodeInstance } from "../drivers/node-driver.ts";

type Watched = {
  /** When it was met, and how old it was then. */
  metMs: number;
  ageThenMs: number;
  /** Since when it has been looked at without a break. */
  sinceMs: number;
  heardMs: number | null;
  /** This process asked for it, and has looked ever since. */
  isOrdered: boolean;
};
/** Instances that were asked for, and are not listed yet. */
type Order = { count: number; untilMs: number };

export type InstanceWatchOptions = {
  /** Milliseconds, of any origin; no clock that somebody sets. */
  now: () => number;
  /** Milliseconds since 1970. */
  wallNow: () => number;
  /** A node that was asked for while this process looked is heard for the first time: so long after that, ms. */
  onBorn?: (afterMs: number) => void;
};

/**
 * What was seen of a group's instances since this process looks at them. What a second autoscaler lacks of it makes it slower to give an
 * instance up, and no more.
 */
export class InstanceWatch {
  readonly #options: InstanceWatchOptions;
  readonly #watched = new Map<string, Watched>();
  #orders: Order[] = [];

  constructor(options: InstanceWatchOptions) {
    this.#options = options;
  }

  /** So many were asked for: until the driver lists as many new ones, or so long, they count as on their way. */
  expect(count: number, forMs: number): void {
    this.#orders.push({ count, untilMs: this.#options.now() + forMs });
  }

  /** How many were asked for, and not listed since. */
  get unlisted(): number {
    const nowMs = this.#options.now();
    this.#orders = this.#orders.filter(({ count, untilMs }) => count > 0 && untilMs > nowMs);
    return this.#orders.reduce((sum, { count }) => sum + count, 0);
  }

  /** @param living Ids of nodes that beat. */
  look(listed: readonly NodeInstance[], living: ReadonlySet<string>): SeenInstance[] {
    const byId = new Map(listed.map((one) => [one.id, one]));
    for (const id of this.#watched.keys()) if (!byId.has(id)) this.#watched.delete(id);
    return [...byId.values()].map((instance) => this.#lookAt(instance, living));
  }

  /** Nobody can say what beats: the time of this does not count against anybody. Those that are known stay so: they are not what is still awaited. */
  pause(): void {
    const nowMs = this.#options.now();
    for (const watched of this.#watched.values()) {
      watched.sinceMs = nowMs;
      watched.isOrdered = false;
    }
  }

  #lookAt(instance: NodeInstance, living: ReadonlySet<string>): SeenInstance {
    const nowMs = this.#options.now();
    const watched = this.#watched.get(instance.id) ?? this.#meet(instance);
    const ageMs = watched.ageThenMs + nowMs - watched.metMs;
    if (instance.nodeId !== null && living.has(instance.nodeId)) {
      if (watched.heardMs === null && watched.isOrdered) this.#options.onBorn?.(ageMs);
      watched.heardMs = nowMs;
    }
    return {
      ...instance,
      ageMs,
      hasBeaten: watched.heardMs !== null,
      silentMs: nowMs - Math.max(watched.heardMs ?? watched.sinceMs, watched.sinceMs),
    };
  }

  #meet({ id, askedAtMs }: NodeInstance): Watched {
    const { now, wallNow } = this.#options;
    const order = this.#orders.find(({ count }) => count > 0);
    if (order) order.count -= 1;
    const ageThenMs = Math.max(0, wallNow() - askedAtMs);
    const nowMs = now();
    const isOrdered = order !== undefined;
    const watched = { metMs: nowMs, sinceMs: nowMs, ageThenMs, heardMs: null, isOrdered };
    this.#watched.set(id, watched);
    return watched;
  }
}
