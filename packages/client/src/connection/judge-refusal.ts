import { ERRORS, type ErrorCode, isSessionLost } from "@fairlead/protocol";

/** `rejoin`: a new session for the same peer. `retry`: the same frame later; `retry_briefly`: but not for long,
 * since somebody waits to get in. `end`: nothing helps. */
export type Verdict = "rejoin" | "retry" | "retry_briefly" | "reload_capabilities" | "end";

/** Whether it is worth asking often: signaling is there, and what it waits for takes seconds. */
export function isPassing(code: ErrorCode): boolean {
  return ERRORS[code].passes === true;
}

/** What to do after signaling or the node refused with `code`. */
export function judgeRefusal(code: ErrorCode, situation: "first_join" | "rejoin" | "session"): Verdict {
  if (code === "capabilities_mismatch") return "reload_capabilities";
  if (situation === "session" && isSessionLost(code)) return "rejoin";
  const { retry, passes } = ERRORS[code];
  if (situation === "first_join" && retry === "once_admitted") return "end";
  if (situation === "first_join" && passes) return "retry_briefly";
  return retry ? "retry" : "end";
}
