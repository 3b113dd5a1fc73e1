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

/** @param isLocal Claimed while the registry was away. Otherwise it has forgotten the claim, or never heard of it. */
export function explainTakeUp(isLocal: boolean, nowMs: number): PlacementDecision {
  return { reason: isLocal ? "rendezvous" : "claimed_by_node", atMs: nowMs, candidates: [] };
}
