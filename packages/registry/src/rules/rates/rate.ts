import { FairleadError } from "@fairlead/protocol";

/** At most `limit` at once, and `limit` in `windowMs` in the long run. */
export type RateLimit = { /** 1..1,000,000. */ limit: number /** 1,000..86,400,000. */; windowMs: number };

/**
 * A limit of one API key, address or room, or of the strangers of one address, who gave no proof of who they are. `subject` says
 * which: without spaces, and nothing secret.
 */
export type Rate = RateLimit & { name: "key" | "address" | "stranger" | "room"; subject: string };

/** `remaining`: how many more there may be at once; `resetMs`: when that is `limit` again, if nothing else comes. */
export type RateStanding = RateLimit & { name: Rate["name"]; remaining: number; resetMs: number };

/**
 * The generic cell rate algorithm (ITU-T I.371): a subject's state is one number, the time by which all that it has had so far is
 * paid for. A fixed window would let twice the limit pass at its edge, and would tell everybody who is refused to come back at
 * the same moment. In microseconds, which are integers: two implementations give the same answer.
 *
 * @returns What one request pays, and what may be owed.
 */
export function costOf({ limit, windowMs }: RateLimit): { intervalUs: number; burstUs: number } {
  const intervalUs = Math.floor((windowMs * 1_000) / limit);
  return { intervalUs, burstUs: intervalUs * limit };
}

/** @param owedUs What is not paid for yet, the present request included. */
export function standingOf(rate: Rate, owedUs: number): RateStanding {
  const { intervalUs, burstUs } = costOf(rate);
  const { name, limit, windowMs } = rate;
  const remaining = Math.floor((burstUs - owedUs) / intervalUs);
  return { name, limit, windowMs, remaining, resetMs: Math.ceil(owedUs / 1_000) };
}

/** @param waitUs Until one more may pass. @returns `rate_limited`; its detail says by which limit, not whose. */
export function rateRefusal({ name, limit, windowMs }: Rate, waitUs: number): FairleadError {
  const whose = { key: "of this API key", address: "of this address", room: "of this room" };
  const of = name === "stranger" ? "without a proof from this address" : whose[name];
  return new FairleadError("rate_limited", {
    message: `more than ${limit} in ${windowMs / 1_000} s ${of}`,
    retryAfterMs: Math.ceil(waitUs / 1_000),
    detail: { rate: name, limit, windowMs },
  });
}
