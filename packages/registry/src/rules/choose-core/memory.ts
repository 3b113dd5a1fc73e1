import type { CoreAddress } from "@fairlead/protocol";
import { compareText } from "../../memory/scored-set.ts";
import { bestCore } from "../core-load/memory.ts";
import { isAliveByTime, type Moment } from "../liveness/memory.ts";
import { memberOf, type NodePools, type Ranked } from "../node-pools/memory.ts";
import type { PlacementNode, PlacementPolicy, PlacementWish } from "../policy.ts";

/** A core that the room fits on; `loadPpm` before the debit. */
export type Candidate = CoreAddress & { loadPpm: number };

export type Choice =
  | { state: "chosen"; core: CoreAddress; candidates: Candidate[] }
  | { state: "no_capacity"; retryAfterMs: number };

export type Chooser<N extends PlacementNode> = {
  pools: NodePools<N>;
  /** All runs of a node, in order of incarnation. */
  runsOf(nodeId: string): readonly N[];
  policy: PlacementPolicy;
};

type Walk = { candidates: Candidate[]; sawNode: boolean };

/**
 * The least-loaded core of the least-loaded node that may take a new room and has room for it. Nodes outside the preferred
 * region are looked at only when none inside has room. Dead nodes that are found on the way leave the pools.
 */
export function chooseCore<N extends PlacementNode>(
  chooser: Chooser<N>,
  wish: PlacementWish,
  moment: Moment,
): Choice {
  let sawNode = false;
  for (const ranked of walksFor(chooser, wish)) {
    const walk = walkNodes(chooser, ranked, wish, moment);
    sawNode ||= walk.sawNode;
    const candidates = walk.candidates.sort(compareCandidates);
    const [best] = candidates;
    if (best) {
      const { nodeId, incarnation, core } = best;
      return { state: "chosen", core: { nodeId, incarnation, core }, candidates };
    }
  }
  const { retryWhenFullMs, retryWhenNoneMs } = chooser.policy;
  return { state: "no_capacity", retryAfterMs: sawNode ? retryWhenFullMs : retryWhenNoneMs };
}

/** In which nodes to look, one after the other: a label's pool is as good as all, for the label is required. */
function walksFor<N extends PlacementNode>(
  { pools, runsOf }: Chooser<N>,
  { nodeId, region, labels = [] }: PlacementWish,
): Iterable<Ranked<N>>[] {
  if (nodeId !== undefined) return [pools.sort(runsOf(nodeId))];
  const [label] = [...labels].sort(compareText);
  const everywhere = pools.inOrder(undefined, label);
  return region === undefined ? [everywhere] : [pools.inOrder(region, label), everywhere];
}

function walkNodes<N extends PlacementNode>(
  { pools, policy }: Chooser<N>,
  ranked: Iterable<Ranked<N>>,
  wish: PlacementWish,
  moment: Moment,
): Walk {
  const { labels = [], suspect } = wish;
  const walk: Walk = { candidates: [], sawNode: false };
  const dead: N[] = [];
  let visited = 0;
  for (const { node, rankPpm } of ranked) {
    if (!isAliveByTime(node, undefined, policy, moment)) {
      dead.push(node);
      continue;
    }
    visited += 1;
    if (isAliveByTime(node, suspect, policy, moment) && hasAll(node, labels)) {
      walk.sawNode = true;
      if (rankPpm >= policy.fullRankPpm) break;
      walk.candidates.push(...candidatesOn(node, wish, policy));
    }
    if (walk.candidates.length >= policy.candidateLimit || visited >= policy.walkLimit) break;
  }
  for (const node of dead) pools.remove(node);
  return walk;
}

function hasAll(node: PlacementNode, labels: readonly string[]): boolean {
  return labels.every((label) => node.labels.includes(label));
}

/** @returns The node's best core, if the room fits on it. */
function candidatesOn(node: PlacementNode, wish: PlacementWish, policy: PlacementPolicy): Candidate[] {
  const { nodeId, incarnation } = node;
  const best = bestCore(node, { ...policy, needPpm: wish.needPpm }, wish.exclude);
  if (!best || best.rankPpm >= policy.fullRankPpm) return [];
  return [{ nodeId, incarnation, core: best.core, loadPpm: best.rankPpm }];
}

function compareCandidates(a: Candidate, b: Candidate): number {
  return a.loadPpm - b.loadPpm || compareText(memberOf(a), memberOf(b));
}
