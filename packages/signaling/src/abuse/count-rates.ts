import { FairleadError, httpStatus } from "@fairlead/protocol";
import type { Rate } from "@fairlead/registry";
import type { RateLimits, SignalingContext } from "../context.ts";

/** @returns What a request counts for: each subject that is known and has a limit. */
export function ratesOf(limits: RateLimits, subjects: Partial<Record<Rate["name"], string>>): Rate[] {
  return (["key", "address", "stranger", "room"] as const).flatMap((name) => {
    const [limit, subject] = [limits[name === "stranger" ? "address" : name], subjects[name]];
    return limit && subject !== undefined ? [{ name, subject, ...limit }] : [];
  });
}

/**
 * Counts a request that places nothing. While the registry is away nothing is refused: that those come in who may is worth more
 * than that nobody asks too often. But an address that has just been refused still is, see `RefusedAddresses`.
 *
 * @throws {FairleadError} `rate_limited`.
 */
export async function countRates(context: SignalingContext, rates: readonly Rate[]): Promise<void> {
  if (rates.length === 0) return;
  const { breaker, registry, refusedAddresses, onRates } = context;
  const notAsked = () => new FairleadError("registry_unreachable");
  const ask = () => breaker.run(() => registry.count(rates), isUnreachable, notAsked);
  try {
    onRates(await refusedAddresses.unless(rates, ask));
  } catch (error) {
    if (!isUnreachable(error)) throw error;
  }
}

/**
 * Counts a request of somebody who could not prove who he is, so that nobody guesses keys or tickets as fast as he can. It counts
 * apart from the address's joins: one bad client does not shut out who shares its address and has a ticket. Whoever can prove it is
 * counted where his effect is: with the placement, or for his API key and not for the address, which a back end has in common with
 * all its users.
 *
 * @returns What to answer: `error`, or `rate_limited`.
 */
export async function refusalOfStranger(context: SignalingContext, error: unknown): Promise<unknown> {
  if (!(error instanceof FairleadError) || httpStatus(error.code) !== 401) return error;
  const { rateLimits, address } = context;
  return countRates(context, ratesOf(rateLimits, { stranger: address })).then(
    () => error,
    (refusal: unknown) => refusal,
  );
}

function isUnreachable(error: unknown): boolean {
  return error instanceof FairleadError && error.code === "registry_unreachable";
}
