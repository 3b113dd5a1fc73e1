import type { PlacementDecision } from "@fairlead/protocol";
import { fromPpm } from "./placement-policy.ts";
import type { RankedNode } from "./rank-node.ts";

/** An answer must not grow with the cluster. */
const CANDIDATE_LIMIT = 8;

/** @param ranked Best first. @returns Why a room came to be where it is; loads before the debit. */
export function explainChoice(ranked: readonly RankedNode[], nowMs: number): PlacementDecision {
  return {
    reason: "least_loaded",
    atMs: nowMs,
    candidates: ranked
      .slice(0, CANDIDATE_LIMIT)
      .map(({ nodeId, core, loadPpm }) => ({ nodeId, core, load: fromPpm(loadPpm) })),
  };
}

/** The room is where it was: nothing was compared. */
export function explainLiveLease(nowMs: number): PlacementDecision {
  return { reason: "live_lease", atMs: nowMs, candidates: [] };
}
