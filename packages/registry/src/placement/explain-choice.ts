import type { PlacementDecision } from "@fairlead/protocol";
import type { Candidate } from "./choose-core.ts";
import { fromPpm } from "./placement-policy.ts";

/** @param candidates Best first. @returns Why a room came to be where it is; loads before the debit. */
export function explainChoice(candidates: readonly Candidate[], nowMs: number): PlacementDecision {
  return {
    reason: "least_loaded",
    atMs: nowMs,
    candidates: candidates.map(({ nodeId, core, loadPpm }) => ({ nodeId, core, load: fromPpm(loadPpm) })),
  };
}

/** The room is where it was: nothing was compared. */
export function explainLiveLease(nowMs: number): PlacementDecision {
  return { reason: "live_lease", atMs: nowMs, candidates: [] };
}

/** The node opened it while the registry was away, or the registry has forgotten that it placed it there. */
export function explainTakeUp(nowMs: number): PlacementDecision {
  return { reason: "claimed_by_node", atMs: nowMs, candidates: [] };
}
