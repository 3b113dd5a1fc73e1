import {
  EPOCH_MODULUS,
  type Heartbeat,
  LEASE_SLOTS,
  type LeaseDigest,
  type LeasePage,
  leaseSlotOf,
} from "@fairlead/protocol";
import type { RegistryIndex } from "../../memory/registry-index.ts";
import { type KnownNode, UNKNOWN_SUM } from "../nodes/known-node.ts";
import type { Room } from "../rooms/memory.ts";

export function isSameDigest(a: LeaseDigest, b: LeaseDigest): boolean {
  return a.count === b.count && a.epochSum === b.epochSum;
}

function addUp(digests: Iterable<LeaseDigest>): LeaseDigest {
  const sum = { count: 0, epochSum: 0 };
  for (const { count, epochSum } of digests) {
    sum.count += count;
    sum.epochSum += epochSum;
  }
  return sum;
}

/**
 * @param told The node's digest of each bucket.
 * @returns The numbers of those that differ. All where the buckets don't add up to the node's digest: a node that was buried has none.
 */
export function differingBuckets(node: KnownNode, { buckets: told = [] }: Heartbeat["leases"]): number[] {
  const isSound = isSameDigest(addUp(node.buckets.values()), node.digest);
  const bucketOf = (slot: number) => Math.floor((slot * told.length) / LEASE_SLOTS);
  const known = Map.groupBy(node.buckets, ([slot]) => bucketOf(slot));
  return told.flatMap((digest, bucket) => {
    const own = addUp((known.get(bucket) ?? []).map(([, ofSlot]) => ofSlot));
    return isSound && isSameDigest(own, digest) ? [] : [bucket];
  });
}

/**
 * The node names all that it has in some buckets. Whatever went wrong, the index has of these what the node has.
 * @param named As they are now.
 */
export function takePage(
  index: RegistryIndex,
  node: KnownNode,
  { page, named }: { page: LeasePage; named: readonly Room[] },
  nowMs: number,
): void {
  const width = LEASE_SLOTS / page.of;
  const recounted = new Set<number>();
  let most = index.policy.endedPerBeat;
  let areWhole = true;
  for (const bucket of page.buckets) {
    const range = { from: bucket * width, to: (bucket + 1) * width };
    const ended = endUnnamed(index, node, { named, range, most }, nowMs);
    most = ended.most;
    areWhole &&= ended.isWhole;
    if (ended.isWhole) for (let slot = range.from; slot < range.to; slot += 1) recounted.add(slot);
  }
  recount(node, { named, recounted, areWhole });
}

type Unnamed = { named: readonly Room[]; range: { from: number; to: number }; most: number };

/**
 * Ends what the node does not name, but for claims that are on their way to it.
 * @returns How many more there may be in this beat, and whether these were all.
 */
function endUnnamed(
  { leases, rooms }: RegistryIndex,
  node: KnownNode,
  { named, range: { from, to }, most }: Unnamed,
  nowMs: number,
): { most: number; isWhole: boolean } {
  const isNamed = new Set(named.map(({ roomId }) => roomId));
  const namedHere = [...isNamed].filter((roomId) => leaseSlotOf(roomId) >= from && leaseSlotOf(roomId) < to);
  const limit = namedHere.length + most + 1;
  const listed = node.leases.between(from, to, limit);
  let left = most;
  for (const roomId of listed) {
    if (isNamed.has(roomId) || left === 0) continue;
    const room = rooms.get(roomId);
    if (room?.lease?.incarnation !== node.incarnation) {
      node.leases.delete(roomId);
      left -= 1;
    } else if (!leases.isAwaited(room, nowMs)) {
      leases.end(room, nowMs);
      left -= 1;
    }
  }
  return { most: left, isWhole: listed.length < limit };
}

type Recounted = {
  named: readonly Room[];
  /** Slots. */
  recounted: Set<number>;
  /** There is nothing else in these slots; otherwise the digests go on to differ. */
  areWhole: boolean;
};

/** Counts anew what the node has in those slots, and with the other slots as they are what it has at all. */
function recount(node: KnownNode, { named, recounted, areWhole }: Recounted): void {
  for (const slot of recounted) node.buckets.delete(slot);
  for (const room of new Set(named)) {
    const slot = leaseSlotOf(room.roomId);
    if (!recounted.has(slot) || room.lease?.incarnation !== node.incarnation || !room.isConfirmed) continue;
    node.held.add(room);
    node.leases.set(room.roomId, slot);
    const { count, epochSum } = node.buckets.get(slot) ?? { count: 0, epochSum: 0 };
    node.buckets.set(slot, { count: count + 1, epochSum: epochSum + (room.lease.epoch % EPOCH_MODULUS) });
  }
  const { count, epochSum } = addUp(node.buckets.values());
  node.digest = { count, epochSum: areWhole ? epochSum : UNKNOWN_SUM };
}
