import { Autoscaler, Role, ScaledGroup } from "@fairlead/autoscaler/autoscaler";
import { silentLogger } from "@fairlead/telemetry";
import { GROUP, type SimulatedGroup } from "./simulated-group.ts";

/** Who scales, among several: as the registry keeps it. */
export class SimulatedRole {
  readonly #now: () => number;
  #held = { holder: "", untilMs: Number.NEGATIVE_INFINITY };

  constructor(now: () => number) {
    this.#now = now;
  }

  readonly registry = {
    holdRole: async (_role: string, holder: string, forMs: number) => {
      if (this.#held.holder === holder || this.#held.untilMs <= this.#now())
        this.#held = { holder, untilMs: this.#now() + forMs };
      return this.#held;
    },
    releaseRole: async (_role: string, holder: string) => {
      if (this.#held.holder === holder) this.#held.untilMs = Number.NEGATIVE_INFINITY;
    },
  };
}

export type RunningAutoscaler = {
  isScaling: () => boolean;
  /** One look, with the role renewed before, as a process does that runs; resolves when all that follows is done. */
  look: () => Promise<void>;
  /** What a look does that had begun before the process stood still: nothing is renewed. */
  goOn: () => Promise<void>;
};

const RULES = { min: 2, max: 5_000, startMs: 180_000, settleMs: 600_000, drainMs: 300_000 };

/** An autoscaler of the product, on the group's clock. */
export function runAutoscaler(group: SimulatedGroup, role: SimulatedRole, holder: string): RunningAutoscaler {
  const clocks = { now: () => group.nowMs, wallNow: () => group.wallNow };
  const own = new Role({ registry: role.registry, holder, log: silentLogger, ...clocks });
  const scaled = new ScaledGroup({
    ...{ group: GROUP, rules: RULES, driver: group.driver, nodes: group.api, log: silentLogger },
    metrics: { count: () => {}, observe: () => {} },
    mayAct: () => own.isHeld,
    ...clocks,
  });
  const options = { registry: group.registry, groups: [scaled], role: own, everyMs: 1, log: silentLogger };
  const autoscaler = new Autoscaler({ ...options, now: clocks.now });
  const goOn = async () => {
    await autoscaler.look();
    await autoscaler.close();
  };
  return {
    isScaling: () => autoscaler.isScaling,
    goOn,
    look: async () => {
      await own.renew();
      await goOn();
    },
  };
}
