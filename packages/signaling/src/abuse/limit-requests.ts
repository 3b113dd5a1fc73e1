import type { MiddlewareHandler } from "hono";
import type { SignalingContext } from "../context.ts";
import { forRequest } from "../http/for-request.ts";
import { countRates, ratesOf, refusalOfStranger } from "./count-rates.ts";

/** Around everything: what is refused because nobody proved who he is counts for his address. */
export function limitStrangers(context: SignalingContext): MiddlewareHandler {
  return async (c, next) => {
    await next();
    const { error } = c;
    const refusal = error && (await refusalOfStranger(forRequest(context, c), error));
    if (refusal !== error) throw refusal;
  };
}

/** After `requireApiKey`. @throws {FairleadError} `rate_limited`. */
export function limitApiKeys(context: SignalingContext): MiddlewareHandler {
  return async (c, next) => {
    await countRates(forRequest(context, c), ratesOf(context.rateLimits, { key: c.get("apiKeyId") }));
    await next();
  };
}
