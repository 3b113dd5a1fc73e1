import {
  ERRORS,
  type ErrorCode,
  errorCodeOfClose,
  type FairleadError,
  isSessionLost,
  OverlapMs,
} from "@fairlead/protocol";

/** How long a first join waits for the cluster to recover from a fault. */
export const FIRST_JOIN_PATIENCE_MS = 5_000;

/**
 * IANA registry: the server, or a proxy before it, restarts. With 1001 a proxy may close both its ends, and signaling then takes the page
 * for gone: such a channel is lost, and its client comes back at once.
 */
const SERVICE_RESTART = 1012;

/** @returns undefined where the channel is lost rather than refused. */
export function refusalOfClose(closedWith: number): ErrorCode | undefined {
  return errorCodeOfClose(closedWith) ?? (closedWith === SERVICE_RESTART ? "shutting_down" : undefined);
}

/**
 * `rejoin`: open a new session for the same peer. `retry`: send the same frame later. `retry_briefly`: the same, but not for
 * long, since a user waits to get in. `end`: give up.
 */
export type Verdict = "rejoin" | "retry" | "retry_briefly" | "reload_capabilities" | "end";

/** @returns Whether to ask again often: signaling answers, and the fault behind it passes within seconds. */
export function isPassing(code: ErrorCode): boolean {
  return ERRORS[code].passes === true;
}

/** @returns How to react when signaling or the node refuses with `code`. */
export function judgeRefusal(code: ErrorCode, situation: "first_join" | "rejoin" | "session"): Verdict {
  if (code === "capabilities_mismatch") return "reload_capabilities";
  if (situation === "session" && isSessionLost(code)) return "rejoin";
  const { retry, passes } = ERRORS[code];
  if (situation === "first_join" && retry === "once_admitted") return "end";
  if (situation === "first_join" && passes) return "retry_briefly";
  return retry ? "retry" : "end";
}

/** @returns So long the media of a session goes on that ended with this refusal, ms; 0: it is gone. */
export function overlapAfter(refusal: FairleadError | undefined): number {
  return OverlapMs.safeParse(refusal?.detail?.overlapMs).data ?? 0;
}
