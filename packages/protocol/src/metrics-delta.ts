import * as z from "zod";

/** What is counted, and a cause where there is one: `join.refused no_capacity`. A newer build may have others. */
const Key = z.string().regex(/^[a-z_.]{1,48}(?: [A-Za-z0-9._+-]{1,128})?$/);
const Amount = z.number().min(0).max(1e12);

/**
 * What a process counted and measured since it last said so, for those that nobody can scrape: signaling on Workers and Lambda. Sent every
 * 15 s at most; one that is lost is missing, and nothing is decided by it.
 */
export const MetricsDelta = z.object({
  counts: z.array(z.tuple([Key, Amount])).max(400),
  /** How many there were in each of the buckets that both sides know by name, and ms in all. */
  durations: z.array(z.tuple([Key, z.object({ buckets: z.array(Amount).max(16), sumMs: Amount })])).max(100),
});
export type MetricsDelta = z.infer<typeof MetricsDelta>;
