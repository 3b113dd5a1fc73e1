import { digestOf, type Heartbeat, type Lease, leaseBucketOf } from "@fairlead/protocol";
import type { HeartbeatReply, Registry } from "@fairlead/registry";
import { serving } from "./registry-adapter.ts";

export type Told = { pages: number; differing: number[]; replies: HeartbeatReply[] };

/**
 * A node and the registry find out which leases they mean, as they do after a beat whose digest differed: one beat with the digests of `of`
 * buckets, then one for each bucket that differs.
 */
export async function tellLeases(
  registry: Registry,
  beat: Heartbeat,
  leases: readonly Lease[],
  of = 8,
): Promise<Told> {
  const inBucket = (bucket: number) => leases.filter(({ roomId }) => leaseBucketOf(roomId, of) === bucket);
  const buckets = Array.from({ length: of }, (_, bucket) => digestOf(inBucket(bucket)));
  const send = (more: Partial<Heartbeat["leases"]>, named: readonly Lease[] = []) =>
    registry.heartbeat({ ...beat, leases: { ...serving(leases, { named }), ...more } });
  const compared = await send({ buckets });
  const replies = [compared];
  for (const bucket of compared.differingBuckets)
    replies.push(await send({ page: { of, buckets: [bucket] } }, inBucket(bucket)));
  return { pages: replies.length - 1, differing: compared.differingBuckets, replies };
}
