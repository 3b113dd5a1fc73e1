import { FairleadError } from "@fairlead/protocol";
import type { RateLimit, RateStanding } from "@fairlead/registry";
import * as z from "zod";

/** The detail of `rate_limited`. */
const RefusedRate = z.object({ rate: z.string(), limit: z.int(), windowMs: z.int() });

/**
 * draft-ietf-httpapi-ratelimit-headers-10, §§ 3 and 4: two lists of structured fields (RFC 9651), an item for each rate.
 * `q` in `w` seconds is what is allowed; `r` of it is left, and in `t` seconds it is whole again.
 */
export function rateHeaders(standings: readonly RateStanding[]): Record<string, string> {
  if (standings.length === 0) return {};
  return {
    "RateLimit-Policy": standings.map((rate) => policyOf(rate.name, rate)).join(", "),
    RateLimit: standings
      .map(({ name, remaining, resetMs }) => `"${name}";r=${remaining};t=${seconds(resetMs)}`)
      .join(", "),
  };
}

/** Of a refusal: the one rate that refused, which lets the next one pass in `t` seconds. */
export function headersOfRefusal(error: unknown): Record<string, string> {
  if (!(error instanceof FairleadError) || error.code !== "rate_limited") return {};
  const { detail, retryAfterMs = 0 } = error;
  const refused = RefusedRate.safeParse(detail);
  if (!refused.success) return {};
  const { rate, ...limit } = refused.data;
  return { "RateLimit-Policy": policyOf(rate, limit), RateLimit: `"${rate}";r=0;t=${seconds(retryAfterMs)}` };
}

function policyOf(name: string, { limit, windowMs }: RateLimit): string {
  return `"${name}";q=${limit};w=${seconds(windowMs)}`;
}

function seconds(ms: number): number {
  return Math.ceil(ms / 1_000);
}
