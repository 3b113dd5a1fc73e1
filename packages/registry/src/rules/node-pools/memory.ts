import { compareText, ScoredSet } from "../../memory/scored-set.ts";
import { bestCore } from "../core-load/memory.ts";
import type { PlacementNode, PlacementPolicy } from "../policy.ts";

export type Ranked<N extends PlacementNode> = { node: N; rankPpm: number };

/** Where a node stands: under which names, and what they were made of. */
type Entry<N extends PlacementNode> = { node: N; keys: string[] } & Pick<PlacementNode, "region" | "labels">;

/**
 * The nodes that take rooms, in order of rank: all of them, and by region, by label, and by region and label, so that the best
 * is found without looking at the others. A node's rank is that of its best core when it was last put in its place:
 * time alone moves nothing.
 */
export class NodePools<N extends PlacementNode> {
  readonly #policy: PlacementPolicy;
  readonly #entries = new Map<string, Entry<N>>();
  readonly #pools = new Map<string, ScoredSet>();

  constructor(policy: PlacementPolicy) {
    this.#policy = policy;
  }

  /** Puts a node in its place, or takes it out where it takes no rooms. */
  rank(node: N): void {
    const rankPpm = rankOf(node, this.#policy);
    if (rankPpm === null) {
      this.remove(node);
      return;
    }
    const member = memberOf(node);
    for (const key of this.#keysFor(member, node)) {
      const pool = this.#pools.get(key) ?? new ScoredSet();
      if (pool.size === 0) this.#pools.set(key, pool);
      pool.set(member, rankPpm);
    }
  }

  remove(node: N): void {
    this.#remove(memberOf(node));
  }

  /** Best first; ties by node id, then incarnation. The pools must not change meanwhile. */
  *inOrder(region?: string, label?: string): Generator<Ranked<N>> {
    const pool = this.#pools.get(poolKey(region, label));
    if (!pool) return;
    for (const { member, score } of pool.from()) {
      const entry = this.#entries.get(member);
      if (entry) yield { node: entry.node, rankPpm: score };
    }
  }

  /** @returns The last in order whose rank is below that, last first. */
  below(rankPpm: number, limit: number, region?: string, label?: string): N[] {
    const pool = this.#pools.get(poolKey(region, label));
    const members = pool?.between(Number.NEGATIVE_INFINITY, rankPpm).slice(-limit).reverse() ?? [];
    return members.flatMap((member) => this.#entries.get(member)?.node ?? []);
  }

  /** @returns Those of the nodes that take rooms, in the same order. */
  sort(nodes: readonly N[]): Ranked<N>[] {
    const ranked = nodes.flatMap((node) => {
      const rankPpm = this.#pools.get(poolKey())?.scoreOf(memberOf(node));
      return rankPpm === undefined ? [] : [{ node, rankPpm }];
    });
    return ranked.sort((a, b) => a.rankPpm - b.rankPpm || compareText(memberOf(a.node), memberOf(b.node)));
  }

  #keysFor(member: string, node: N): string[] {
    const known = this.#entries.get(member);
    if (known && known.region === node.region && areSame(known.labels, node.labels)) {
      known.node = node;
      return known.keys;
    }
    this.#remove(member);
    const keys = poolKeys(node);
    this.#entries.set(member, { node, keys, region: node.region, labels: [...node.labels] });
    return keys;
  }

  #remove(member: string): void {
    for (const key of this.#entries.get(member)?.keys ?? []) {
      const pool = this.#pools.get(key);
      pool?.delete(member);
      if (pool?.size === 0) this.#pools.delete(key);
    }
    this.#entries.delete(member);
  }
}

/** @returns null where the node takes no rooms. */
function rankOf(node: PlacementNode, policy: PlacementPolicy): number | null {
  const { state, busConnected, maxPeers, peers, openPeers } = node;
  if (state !== "ready" || !busConnected) return null;
  if (maxPeers !== null && peers + openPeers >= maxPeers) return null;
  return bestCore(node, { ...policy, needPpm: policy.peerCostPpm })?.rankPpm ?? null;
}

/** A space comes before all that an id consists of, so the order of members is that of (node id, incarnation). */
export function memberOf({ nodeId, incarnation }: Pick<PlacementNode, "nodeId" | "incarnation">): string {
  return `${nodeId} ${incarnation}`;
}

function areSame(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((label, index) => label === b[index]);
}

function poolKeys({ region, labels }: PlacementNode): string[] {
  return [undefined, ...new Set(labels)].flatMap((label) => [
    poolKey(undefined, label),
    poolKey(region, label),
  ]);
}

function poolKey(region?: string, label?: string): string {
  return JSON.stringify([region, label]);
}
