import { type ErrorCode, FairleadError, httpStatus } from "@fairlead/protocol";
import type { Rate } from "@fairlead/registry";
import type { Caller } from "../http/caller.ts";
import { askRegistry, isUnreachable } from "../placement/ask-registry.ts";
import type { RateLimits } from "../signaling-process.ts";

/** @returns What a request counts for: each subject that is known and has a limit. */
export function ratesOf(limits: RateLimits, subjects: Partial<Record<Rate["name"], string>>): Rate[] {
  return (["key", "address", "stranger", "room"] as const).flatMap((name) => {
    const [limit, subject] = [limits[name === "stranger" ? "address" : name], subjects[name]];
    return limit && subject !== undefined ? [{ name, subject, ...limit }] : [];
  });
}

/**
 * Counts a request that places nothing. If the registry is away, the request is allowed: availability matters more than the
 * limit. An address that was refused a moment ago still is, see `RefusedAddresses`.
 *
 * @throws {FairleadError} `rate_limited`.
 */
export async function countRates(caller: Caller, rates: readonly Rate[]): Promise<void> {
  if (rates.length === 0) return;
  const { registry } = caller.shared;
  try {
    caller.onRates(await askRegistry(caller.shared, rates, () => registry.count(rates)));
  } catch (error) {
    if (!isUnreachable(error)) throw error;
  }
}

/** A session of WHIP or WHEP is its URL's to end. */
function isGuess(code: ErrorCode): boolean {
  return httpStatus(code) === 401 || code === "sdp_session_not_found";
}

/**
 * Counts a request whose sender proved nothing, so that nobody guesses keys, tickets or URLs of sessions at full speed. Such requests count apart
 * from the address's joins: one bad client does not shut out others at its address that have tickets. A proven request is counted
 * where it takes effect: a join with its placement, an API call for its key. It is not counted for the address, as all users of a
 * back end come from one.
 *
 * @returns What to answer: `error`, or `rate_limited`.
 */
export async function refusalOfStranger(caller: Caller, error: unknown): Promise<unknown> {
  if (!(error instanceof FairleadError) || !isGuess(error.code)) return error;
  const { code } = error;
  caller.shared.metrics.count("stranger.refused", code);
  caller.shared.refusals.strangers.warn(caller.log, { code, address: caller.address });
  const rates = ratesOf(caller.shared.rateLimits, { stranger: caller.address });
  return countRates(caller, rates).then(
    () => error,
    (refusal: unknown) => refusal,
  );
}
