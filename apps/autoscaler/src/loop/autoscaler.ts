import type { Logger } from "@fairlead/telemetry";
import type { Role } from "./role.ts";
import { readSignal, type ScaleRegistry, type Signal } from "./scale-registry.ts";
import type { ScaledGroup } from "./scaled-group.ts";

export type AutoscalerOptions = {
  registry: ScaleRegistry;
  groups: readonly ScaledGroup[];
  role: Pick<Role, "isHeld" | "holder">;
  /** Between two looks, ms. */
  everyMs: number;
  log: Logger;
  /** Milliseconds, of any origin; no clock that somebody sets. */
  now: () => number;
};

/** A look that has not come to its end for so long stands still, ms. */
const STANDSTILL_MS = 120_000;

/** Looks at all groups from time to time, and has each do what follows. Only while it has the role. */
export class Autoscaler {
  readonly #options: AutoscalerOptions;
  readonly #busy = new Map<ScaledGroup, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | null = null;
  #isSignalLost = false;
  #seenMs: number;

  constructor(options: AutoscalerOptions) {
    this.#options = options;
    this.#seenMs = options.now();
  }

  begin(): void {
    this.#timer = setInterval(() => void this.look(), this.#options.everyMs);
    void this.look();
  }

  /** One look, and what follows of it; while one is under way there is no other. Never rejects. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
      this.#seenMs = this.#options.now();
    });
    return this.#looking;
  }

  /** Resolves when what was begun is done. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
    await Promise.all(this.#busy.values());
  }

  /** Why it can't do its work now; null: it can, or another one does. */
  whyNotReady(): string | null {
    const { role } = this.#options;
    if (role.holder === null) return "the registry does not say who scales";
    return role.isHeld && this.#isSignalLost ? "the registry does not say what the groups need" : null;
  }

  get isScaling(): boolean {
    return this.#options.role.isHeld;
  }

  standstill(): string | null {
    const isStill = this.#options.now() - this.#seenMs > STANDSTILL_MS + this.#options.everyMs;
    return isStill ? "no look has come to its end" : null;
  }

  async #look(): Promise<void> {
    const { role, groups } = this.#options;
    const signal = role.isHeld ? await this.#read() : null;
    for (const group of groups) {
      if (this.#busy.has(group)) continue;
      if (signal) this.#step(group, signal);
      else group.lose();
    }
  }

  /** A group whose driver takes long holds up no other. */
  #step(group: ScaledGroup, { capacities, nodes }: Signal): void {
    const elsewhere = [...nodes].flatMap(([name, others]) =>
      name === group.group ? [] : others.map(({ nodeId }) => [nodeId, name] as const),
    );
    const done = group
      .step(capacities.get(group.group) ?? null, nodes.get(group.group) ?? [], new Map(elsewhere))
      .finally(() => this.#busy.delete(group));
    this.#busy.set(group, done);
  }

  async #read(): Promise<Signal | null> {
    const { registry, log } = this.#options;
    try {
      const signal = await readSignal(registry);
      if (this.#isSignalLost) log.info("scale.signal_back");
      this.#isSignalLost = false;
      return signal;
    } catch (error) {
      if (!this.#isSignalLost) log.warn("scale.signal_lost", { error });
      this.#isSignalLost = true;
      return null;
    }
  }
}
