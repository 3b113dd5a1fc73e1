import type { RateLimit } from "@fairlead/registry";
import * as z from "zod";

const LIMIT_MAX = 1_000_000;
const WINDOW_MAX_S = 86_400;

/** `N/S`: N at once, and N in S seconds in the long run. */
const Limit = z
  .string()
  .regex(/^\d+\/\d+$/)
  .transform((text) => text.split("/").map(Number))
  .pipe(z.tuple([z.int().min(1).max(LIMIT_MAX), z.int().min(1).max(WINDOW_MAX_S)]))
  .transform(([limit, windowS]) => ({ limit, windowMs: windowS * 1_000 }));

function limit(fallback: string) {
  const off = z.literal("off").transform((): RateLimit | undefined => undefined);
  return z
    .union([off, Limit])
    .prefault(fallback)
    .describe(`N/S, N up to ${LIMIT_MAX} in S up to ${WINDOW_MAX_S} seconds, or off`);
}

/**
 * An address: a meeting of a thousand behind it may come back twice within a minute. A room: ten addresses' worth, or anybody with a
 * ticket who joins in a loop would keep the others out; what is left for it to hold off is a flood from many. A key: a back end that
 * issues a hundred tickets a second.
 */
export const rateSettings = {
  FAIRLEAD_LIMIT_ADDRESS: limit("3000/60"),
  FAIRLEAD_LIMIT_ROOM: limit("30000/60"),
  FAIRLEAD_LIMIT_KEY: limit("6000/60"),
};

export type RatesConfig = { address?: RateLimit; room?: RateLimit; key?: RateLimit };

/** @returns Without those that are off. */
export function ratesConfig(given: z.output<z.ZodObject<typeof rateSettings>>): RatesConfig {
  const { FAIRLEAD_LIMIT_ADDRESS: address, FAIRLEAD_LIMIT_KEY: key, FAIRLEAD_LIMIT_ROOM: room } = given;
  return { ...(address ? { address } : {}), ...(key ? { key } : {}), ...(room ? { room } : {}) };
}
