import type { Heartbeat } from "@fairlead/protocol";
import { isAlive } from "../placement/liveness.ts";
import type { PlacementPolicy } from "../placement/placement-policy.ts";

export type KnownNode = { beat: Heartbeat; incarnation: string; lastBeatMs: number };

/** Each run of each node, by incarnation, until it is dead. */
export class NodeTable {
  readonly #policy: PlacementPolicy;
  readonly #nodes = new Map<string, KnownNode>();

  constructor(policy: PlacementPolicy) {
    this.#policy = policy;
  }

  renew(beat: Heartbeat, nowMs: number): void {
    const { incarnation } = beat;
    this.#nodes.set(incarnation, { beat: structuredClone(beat), incarnation, lastBeatMs: nowMs });
  }

  remove(incarnation: string): void {
    this.#nodes.delete(incarnation);
  }

  dropDead(nowMs: number): void {
    for (const incarnation of this.#nodes.keys())
      if (!this.isAlive(incarnation, nowMs)) this.#nodes.delete(incarnation);
  }

  isAlive(incarnation: string, nowMs: number, suspect?: string): boolean {
    const node = this.#nodes.get(incarnation);
    return node !== undefined && isAlive(node, suspect, this.#policy, nowMs);
  }

  living(nowMs: number): KnownNode[] {
    return [...this.#nodes.values()].filter((node) => this.isAlive(node.incarnation, nowMs));
  }
}
