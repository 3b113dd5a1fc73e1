import {
  digestOf,
  type Heartbeat,
  LEASE_SLOTS,
  type LeasePage,
  leaseBucketOf,
  type ServedLease,
} from "@fairlead/protocol";
import type { HeartbeatReply } from "@fairlead/registry";

type LeasesOfBeat = Heartbeat["leases"];

/**
 * A beat names about so many leases, and one whole bucket at least. A lease that the registry does not know costs it 20 to 50 µs, and no call
 * should take it more than 5 ms.
 */
const NAMED_MAX = 64;
/** News beside a page, the newest first: a claim that is not named within 5 s lapses, and the page names the rest in its turn. */
const NEWS_BESIDE_PAGE = NAMED_MAX / 4;
/** On average. */
const LEASES_OF_A_BUCKET = 32;
/**
 * Bucket after bucket is named in any case, all within this time or one every two seconds: a digest can be right by chance, and the registry
 * may have lost records that it still counts.
 */
const RECOUNT = { allWithinMs: 60_000, bucketEveryMs: 2_000 };
/** A room is named again when its number of peers has changed by this much, whichever is more. */
const NEWS = { peers: 2, share: 0.25 };

/**
 * Which of its leases a node names in a heartbeat: those that the registry does not know as they are. A digest of all in every beat shows
 * whether both mean the same. If not, the next beat brings the digest of each bucket, and those after it name, page by page, all leases of
 * the buckets that differ; so no beat grows with the node.
 */
export class LeaseReport {
  /** As the registry last heard and answered, by room. */
  readonly #known = new Map<string, ServedLease>();
  /** Buckets that are to be named in full. */
  #owed: LeasePage = { of: 1, buckets: [] };
  /** The registry may mean other leases; which buckets differ is not known. */
  #differs = true;
  #recount = { bucket: 0, atMs: Number.NEGATIVE_INFINITY };
  #hasMoreNews = false;

  /** The leases that a heartbeat sent now names. */
  compose(served: readonly ServedLease[], nowMs: number): LeasesOfBeat {
    this.#forgetClosed(served);
    const of = bucketsFor(served.length);
    const digest = digestOf(served);
    const news = served
      .filter((lease) => isNews(lease, this.#known.get(lease.roomId)))
      .sort((a, b) => b.epoch - a.epoch);
    this.#hasMoreNews = news.length > NAMED_MAX;
    if (this.#owed.buckets.length === 0 && this.#differs && of > 1)
      return { ...digest, named: news.slice(0, NAMED_MAX), buckets: digestsOf(served, of) };
    if (this.#owed.buckets.length === 0) this.#oweNext(of, nowMs);
    const { page, named } = this.#takePage(served, NAMED_MAX - Math.min(news.length, NEWS_BESIDE_PAGE));
    if (page.buckets.length === 0) return { ...digest, named: news.slice(0, NAMED_MAX) };
    const others = news.filter(({ roomId }) => !page.buckets.includes(leaseBucketOf(roomId, page.of)));
    this.#hasMoreNews = others.length > NEWS_BESIDE_PAGE;
    return { ...digest, named: [...named, ...others.slice(0, NEWS_BESIDE_PAGE)], page };
  }

  /**
   * The beat that said so was answered.
   * @returns Whether node and registry now mean the same leases, as far as they can tell: otherwise the next beat says more, and is to follow
   * at once.
   */
  noteAnswer(
    { named, page, buckets }: LeasesOfBeat,
    { leasesDiffer, differingBuckets }: Pick<HeartbeatReply, "leasesDiffer" | "differingBuckets">,
  ): boolean {
    for (const lease of named) this.#known.set(lease.roomId, lease);
    if (buckets) this.#owed = { of: buckets.length, buckets: differingBuckets };
    if (page?.of === this.#owed.of) {
      const left = this.#owed.buckets.filter((bucket) => !page.buckets.includes(bucket));
      this.#owed = { of: page.of, buckets: left };
    }
    const isOwing = this.#owed.buckets.length > 0;
    this.#differs = leasesDiffer && !isOwing;
    // What still differs after all was named is found with the next regular beats.
    return !isOwing && !this.#hasMoreNews && !(this.#differs && page === undefined);
  }

  /** Where they are few, all that the registry asks for; else the next bucket, when it is its turn. */
  #oweNext(of: number, nowMs: number): void {
    const everyMs = Math.max(RECOUNT.allWithinMs / of, RECOUNT.bucketEveryMs);
    if (!this.#differs && nowMs - this.#recount.atMs < everyMs) return;
    const bucket = this.#recount.bucket % of;
    this.#recount = { bucket: bucket + 1, atMs: nowMs };
    this.#owed = { of, buckets: [bucket] };
  }

  /** @param room For so many leases; one bucket there always is. */
  #takePage(served: readonly ServedLease[], room: number): { page: LeasePage; named: ServedLease[] } {
    const { of, buckets: owed } = this.#owed;
    const buckets: number[] = [];
    const named: ServedLease[] = [];
    const byBucket =
      owed.length > 0 ? Map.groupBy(served, ({ roomId }) => leaseBucketOf(roomId, of)) : undefined;
    for (const bucket of owed) {
      const leases = byBucket?.get(bucket) ?? [];
      if (buckets.length > 0 && named.length + leases.length > room) break;
      buckets.push(bucket);
      named.push(...leases);
    }
    return { page: { of, buckets }, named };
  }

  #forgetClosed(served: readonly ServedLease[]): void {
    if (this.#known.size <= 2 * served.length + 100) return;
    const open = new Set(served.map(({ roomId }) => roomId));
    for (const roomId of this.#known.keys()) if (!open.has(roomId)) this.#known.delete(roomId);
  }
}

/** @returns A power of two. */
function bucketsFor(leases: number): number {
  let of = 1;
  while (of < LEASE_SLOTS && leases > of * LEASES_OF_A_BUCKET) of *= 2;
  return of;
}

function digestsOf(served: readonly ServedLease[], of: number): LeasesOfBeat["buckets"] {
  const byBucket = Map.groupBy(served, ({ roomId }) => leaseBucketOf(roomId, of));
  return Array.from({ length: of }, (_, bucket) => digestOf(byBucket.get(bucket) ?? []));
}

function isNews(lease: ServedLease, known: ServedLease | undefined): boolean {
  if (known?.epoch !== lease.epoch || known.core !== lease.core || known.isLocal !== lease.isLocal)
    return true;
  return Math.abs(lease.peers - known.peers) >= Math.max(NEWS.peers, NEWS.share * known.peers);
}
