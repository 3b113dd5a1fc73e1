import { compareText } from "../../memory/scored-set.ts";
import { bestCore, coreLoadPpm } from "../core-load/memory.ts";
import { isAliveByTime, type Moment } from "../liveness/memory.ts";
import { memberOf } from "../node-pools/memory.ts";
import type { PlacementNode, PlacementPolicy, PlacementWish } from "../policy.ts";
import type { Candidate, Choice, Chooser } from "./memory.ts";

/**
 * The least-loaded core of the fullest node that is less than half full, so that others empty. Those whose least-loaded core is below half are
 * looked at in falling order, until a few fit. No room leaves its region for that.
 *
 * @param isFast Rooms come to this run's group so fast that they are spread: what they will cost is not seen yet.
 * @returns null where they are, or no such node is there.
 */
export function chooseToFill<N extends PlacementNode>(
  { pools, policy }: Chooser<N>,
  wish: PlacementWish,
  { moment, isFast }: { moment: Moment; isFast: (incarnation: string) => boolean },
): Choice | null {
  const { region, labels = [] } = wish;
  if (wish.nodeId !== undefined) return null;
  const [label] = [...labels].sort(compareText);
  const fitting: FillCandidate[] = [];
  for (const node of pools.below(policy.fillPpm, policy.fillWalkLimit, region, label)) {
    if (fitting.length === policy.candidateLimit) break;
    fitting.push(...candidateOn(node, wish, { policy, moment }));
  }
  const [best] = fitting.sort(fullestFirst);
  if (!best || isFast(best.incarnation)) return null;
  const { nodeId, incarnation, core, loadPpm } = best;
  return {
    state: "chosen",
    core: { nodeId, incarnation, core },
    candidates: [{ nodeId, incarnation, core, loadPpm }],
  };
}

type FillCandidate = Candidate & { nodePpm: number };

function candidateOn(
  node: PlacementNode,
  { labels = [], suspect, exclude, needPpm }: PlacementWish,
  { policy, moment }: { policy: PlacementPolicy; moment: Moment },
): FillCandidate[] {
  const { nodeId, incarnation } = node;
  const isAlive =
    isAliveByTime(node, undefined, policy, moment) && isAliveByTime(node, suspect, policy, moment);
  if (!isAlive || !labels.every((label) => node.labels.includes(label))) return [];
  const best = bestCore(node, { ...policy, needPpm }, exclude);
  const nodePpm = loadOfNode(node);
  if (!best || best.rankPpm >= policy.fullRankPpm || nodePpm >= policy.fillPpm) return [];
  return [{ nodeId, incarnation, core: best.core, loadPpm: best.rankPpm, nodePpm }];
}

/** On average over its usable cores, reservations included. */
function loadOfNode({ cores, networkPpm }: PlacementNode): number {
  const loads = cores.filter(({ usable }) => usable).map((core) => coreLoadPpm(core, networkPpm));
  return Math.floor(loads.reduce((sum, load) => sum + load, 0) / loads.length);
}

function fullestFirst(a: FillCandidate, b: FillCandidate): number {
  return b.nodePpm - a.nodePpm || compareText(memberOf(a), memberOf(b));
}
