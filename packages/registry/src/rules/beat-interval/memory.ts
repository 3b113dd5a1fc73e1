import { ScoredSet } from "../../memory/scored-set.ts";
import type { PlacementPolicy } from "../policy.ts";

type Policy = Pick<PlacementPolicy, "beatMs" | "longestBeatMs" | "fewNodes" | "manyNodes">;

/** How often nodes beat: rarer where there are thousands, or their beats alone would fill a core of Redis. */
export class BeatInterval {
  readonly #policy: Policy;
  /** Incarnations that know of it, by when that was last looked at: in Redis there may be nodes of an older build. */
  readonly #paced = new ScoredSet();

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  /** @param nodes All that beat: how many they are, and whether one of them is one. @returns Milliseconds. */
  of(
    incarnation: string,
    nodes: { count: number; has(incarnation: string): boolean },
    nowMs: number,
  ): number {
    const { beatMs, longestBeatMs, fewNodes, manyNodes } = this.#policy;
    if (nodes.count <= fewNodes) return beatMs;
    if (this.#paced.scoreOf(incarnation) === undefined) this.#paced.set(incarnation, nowMs);
    const [oldest] = this.#paced.from();
    if (oldest && nodes.has(oldest.member)) this.#paced.set(oldest.member, nowMs);
    else if (oldest) this.#paced.delete(oldest.member);
    if (this.#paced.size < nodes.count) return beatMs;
    const growth = Math.floor(((nodes.count - fewNodes) * (longestBeatMs - beatMs)) / (manyNodes - fewNodes));
    return Math.min(beatMs + growth, longestBeatMs);
  }

  forget(incarnation: string): void {
    this.#paced.delete(incarnation);
  }
}
