import { createMemoryRegistry } from "@fairlead/registry/memory";
import { DEFAULT_POLICY, type PlacementPolicy } from "@fairlead/registry/placement";
import type { ClusterSize } from "../cluster/cluster.ts";
import type { Random } from "../seeded-random.ts";
import { createLeastReported } from "./least-reported.ts";
import { Ours } from "./ours.ts";
import { createRandomChoice } from "./random.ts";
import { type CoreChooser, ReportedCores } from "./reported-cores.ts";
import { ReportedStrategy } from "./reported-strategy.ts";
import { createRoundRobin } from "./round-robin.ts";
import type { Strategy, StrategyName } from "./strategy.ts";
import { createTwoChoices } from "./two-choices.ts";

export const STRATEGY_NAMES: readonly StrategyName[] = [
  ...(["ours", "leastReported", "twoChoices", "roundRobin", "random"] as const),
];

export type StrategyOptions = {
  size: ClusterSize;
  now: () => number;
  random: Random;
  advertAgeMs: number;
  earlierCostsPpm?: readonly number[];
  /** Of ours: @see PlaceRequest */
  fills?: boolean | undefined;
  policy?: Partial<PlacementPolicy>;
};

const CHOOSERS: Record<
  Exclude<StrategyName, "ours">,
  (cores: ReportedCores, random: Random) => CoreChooser
> = {
  leastReported: createLeastReported,
  twoChoices: createTwoChoices,
  roundRobin: createRoundRobin,
  random: createRandomChoice,
};

export function createStrategy(name: StrategyName, options: StrategyOptions): Strategy {
  const { size, now, random, policy } = options;
  if (name === "ours") {
    const registry = createMemoryRegistry({ now, policy, random: createCountingBytes() });
    return new Ours({ ...options, registry });
  }
  const cores = new ReportedCores(size, { ...DEFAULT_POLICY, ...policy }.fullPpm);
  return new ReportedStrategy(cores, CHOOSERS[name](cores, random), now);
}

/** Ids of debits need only differ, and real randomness would be a fifth of the time. */
function createCountingBytes(): (bytes: Uint8Array<ArrayBuffer>) => Uint8Array {
  let count = 0;
  return (bytes) => {
    count += 1;
    new DataView(bytes.buffer).setFloat64(bytes.byteOffset, count);
    return bytes;
  };
}
