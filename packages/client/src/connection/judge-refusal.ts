import { type ErrorCode, isRetryable } from "@fairlead/protocol";

/** `rejoin`: a new session for the same peer. `retry`: the same frame later; `retry_briefly`: but not for long,
 * since somebody waits to get in. `end`: nothing helps. */
export type Verdict = "rejoin" | "retry" | "retry_briefly" | "reload_capabilities" | "end";

/** The session is not where its ticket says, but the room lives. */
const SESSION_LOST: ReadonlySet<ErrorCode> = new Set([
  "session_gone",
  "session_expired",
  "session_invalid",
  "room_moved",
  "lease_lost",
]);
/** The cluster is getting over a fault, and will soon say something else. */
const PASSING: ReadonlySet<ErrorCode> = new Set([
  "bus_disconnected",
  "node_unreachable",
  "node_timeout",
  "node_draining",
  "lease_lost",
  "no_capacity",
  "core_full",
  "registry_cold",
  "registry_unreachable",
  "ticket_keys_unreachable",
]);
/** Somebody who waits to get in is told at once; who was in already tries on. */
const TELL_AT_FIRST_JOIN: ReadonlySet<ErrorCode> = new Set([
  "room_full",
  "no_capacity",
  "core_full",
  "ticket_not_yet_valid",
  "internal",
]);

/** Whether it is worth asking often: signaling is there, and what it waits for takes seconds. */
export function isPassing(code: ErrorCode): boolean {
  return PASSING.has(code);
}

/** What to do after signaling or the node refused with `code`. */
export function judgeRefusal(code: ErrorCode, situation: "first_join" | "rejoin" | "session"): Verdict {
  if (code === "capabilities_mismatch") return "reload_capabilities";
  if (situation === "session" && SESSION_LOST.has(code)) return "rejoin";
  if (situation === "first_join" && TELL_AT_FIRST_JOIN.has(code)) return "end";
  if (situation === "first_join" && PASSING.has(code)) return "retry_briefly";
  return isRetryable(code) ? "retry" : "end";
}
