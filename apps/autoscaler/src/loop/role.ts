import type { Registry } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";

export const ROLE = "autoscaler";

/** Who does not renew it for so long has lost it, ms. */
const HELD_MS = 15_000;
const RENEW_MS = 5_000;
/** The registry's clock may run faster than ours. */
const MARGIN_MS = 1_000;

export type RoleOptions = {
  registry: Pick<Registry, "holdRole" | "releaseRole">;
  /** Of this process. */
  holder: string;
  log: Logger;
  /** Milliseconds, of any origin; no clock that somebody sets. */
  now: () => number;
  /** Milliseconds since 1970. */
  wallNow: () => number;
};

/**
 * One autoscaler at a time acts. This process believes that it is the one until its own clocks say that its time is over, counted from before it asked:
 * a process that stood still finds out before it does anything. The one clock stands still with its machine, and somebody may set the other, so the
 * longer time counts.
 */
export class Role {
  readonly #options: RoleOptions;
  #held: { fromMs: number; fromWallMs: number } | null = null;
  #wasHeld = false;
  #other: string | null = null;
  #timer: NodeJS.Timeout | undefined;
  #renewing: Promise<void> | null = null;

  constructor(options: RoleOptions) {
    this.#options = options;
  }

  get isHeld(): boolean {
    if (!this.#held) return false;
    const { now, wallNow } = this.#options;
    const { fromMs, fromWallMs } = this.#held;
    return Math.max(now() - fromMs, wallNow() - fromWallMs) < HELD_MS - MARGIN_MS;
  }

  /** Who has it, as far as is known. */
  get holder(): string | null {
    return this.isHeld ? this.#options.holder : this.#other;
  }

  /** Asks for it now and from time to time, until `close`. */
  async begin(): Promise<void> {
    this.#timer = setInterval(() => void this.renew(), RENEW_MS);
    await this.renew();
  }

  /** Never rejects. */
  renew(): Promise<void> {
    this.#renewing ??= this.#ask().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  /** Another one may have it at once. Never rejects. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#renewing;
    const { registry, holder, log } = this.#options;
    const hadIt = this.#held !== null;
    this.#held = null;
    if (hadIt)
      await registry.releaseRole(ROLE, holder).catch((error) => log.warn("role.not_released", { error }));
  }

  async #ask(): Promise<void> {
    const { registry, holder, log, now, wallNow } = this.#options;
    const asked = { fromMs: now(), fromWallMs: wallNow() };
    try {
      const answer = await registry.holdRole(ROLE, holder, HELD_MS);
      this.#held = answer.holder === holder ? asked : null;
      this.#other = answer.holder;
    } catch (error) {
      log.warn("role.not_renewed", { error });
    }
    const { isHeld } = this;
    if (isHeld !== this.#wasHeld) log.info(isHeld ? "role.taken" : "role.lost", { holder: this.#other });
    this.#wasHeld = isHeld;
  }
}
