import type { MiddlewareHandler } from "hono";
import { usedKey } from "../http/api-key.ts";
import { callerOf } from "../http/caller.ts";
import type { SignalingProcess } from "../signaling-process.ts";
import { countRates, ratesOf, refusalOfStranger } from "./count-rates.ts";

/** Wraps everything: a request refused for want of proof counts for its sender's address. */
export function limitStrangers(shared: SignalingProcess): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const { error } = c;
    const refusal = error && (await refusalOfStranger(callerOf(shared, c), error));
    if (refusal !== error) throw refusal;
  };
}

/** After `requireApiKey`. @throws {FairleadError} `rate_limited`. */
export function limitApiKeys(shared: SignalingProcess): MiddlewareHandler {
  return async (c, next) => {
    await countRates(callerOf(shared, c), ratesOf(shared.rateLimits, { key: usedKey(c)?.id }));
    await next();
  };
}
