import { FairleadError } from "@fairlead/protocol";
import type { Rate } from "@fairlead/registry";
import type { SignalingProcess } from "../signaling-process.ts";

/**
 * Asks the registry, which counts `rates` with it, unless it has just failed several times in a row, or has just refused one of
 * the rates' addresses.
 * @throws {FairleadError} `registry_unreachable`, also without asking; `rate_limited`; what else `ask` rejects with.
 */
export function askRegistry<T>(
  { breaker, metrics, refusedAddresses }: SignalingProcess,
  rates: readonly Rate[],
  ask: () => Promise<T>,
): Promise<T> {
  const isFailure = (error: unknown) => {
    const isAway = isUnreachable(error);
    if (isAway) metrics.count("registry.failed");
    return isAway;
  };
  return refusedAddresses.unless(rates, () => breaker.run(ask, isFailure, notAsked));
}

export function isUnreachable(error: unknown): error is FairleadError {
  return error instanceof FairleadError && error.code === "registry_unreachable";
}

function notAsked(): FairleadError {
  return new FairleadError("registry_unreachable", { message: "it has not answered for a while" });
}
