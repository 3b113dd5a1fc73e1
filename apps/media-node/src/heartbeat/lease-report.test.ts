import { leaseBucketOf, type ServedLease } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { LeaseReport } from "./lease-report.ts";

const KNOWN = { leasesDiffer: false, differingBuckets: [] as number[] };
const DIFFERS = { ...KNOWN, leasesDiffer: true };

function lease(roomId: string, given: Partial<ServedLease> = {}): ServedLease {
  return { roomId, core: 0, epoch: 5_000_000_007, peers: 4, isLocal: false, ...given };
}

/** Composes beats 500 ms apart, each answered unless said otherwise. */
function reporting() {
  const report = new LeaseReport();
  let nowMs = 1_000;
  return (served: ServedLease[], { isAnswered = true, pauseMs = 500, reply = KNOWN } = {}) => {
    nowMs += pauseMs;
    const leases = report.compose(served, nowMs);
    const isConclusive = isAnswered && report.noteAnswer(leases, reply);
    return { ...leases, isConclusive };
  };
}

/** Says which rooms the beats named. */
function beating() {
  const report = reporting();
  return (...args: Parameters<typeof report>) => {
    const { named, page } = report(...args);
    const rooms = named.map(({ roomId }) => roomId).join();
    return page ? `all: ${rooms}` : rooms;
  };
}

const manyLeases = (count: number) => Array.from({ length: count }, (_, index) => lease(`room-${index}`));

describe("a heartbeat names", () => {
  it("all leases first, then none as long as nothing changes, and adds all up in two numbers", () => {
    const beat = beating();
    const served = [lease("a"), lease("b")];
    expect(beat(served)).toBe("all: a,b");
    expect(beat(served)).toBe("");
    const { count, epochSum } = new LeaseReport().compose(served, 0);
    expect({ count, epochSum }).toEqual({ count: 2, epochSum: 14 });
  });

  it("a room that was opened, until a beat that says so is answered", () => {
    const beat = beating();
    beat([]);
    expect(beat([lease("a")], { isAnswered: false })).toBe("a");
    expect(beat([lease("a")])).toBe("a");
    expect(beat([lease("a")])).toBe("");
  });

  it("a room under another epoch, or on another core", () => {
    const beat = beating();
    beat([lease("a"), lease("b")]);
    expect(beat([lease("a", { epoch: 8 }), lease("b", { core: 1 })]), "the newest first").toBe("b,a");
  });

  it("a room whose peers are two more or fewer, or a quarter where that is more", () => {
    const beat = beating();
    beat([lease("a", { peers: 4 }), lease("b", { peers: 40 })]);
    expect(beat([lease("a", { peers: 5 }), lease("b", { peers: 49 })])).toBe("");
    expect(beat([lease("a", { peers: 6 }), lease("b", { peers: 50 })])).toBe("a,b");
    expect(beat([lease("a", { peers: 4 }), lease("b", { peers: 38 })])).toBe("a");
  });

  it("all of a few when the registry means others, and not for a silence alone", () => {
    const beat = beating();
    beat([lease("a")]);
    expect(beat([lease("a")], { reply: DIFFERS })).toBe("");
    expect(beat([lease("a")])).toBe("all: a");
    expect(beat([lease("a")], { isAnswered: false })).toBe("");
    expect(beat([lease("a")], { isAnswered: false })).toBe("");
    expect(beat([lease("a")])).toBe("");
    expect(beat([lease("a")], { pauseMs: 10_000 })).toBe("");
  });

  it("one that was claimed without the registry, and once more when it is not any more", () => {
    const beat = beating();
    beat([lease("a")]);
    expect(beat([lease("a"), lease("b", { isLocal: true })])).toBe("b");
    expect(beat([lease("a"), lease("b")])).toBe("b");
    expect(beat([lease("a"), lease("b")])).toBe("");
  });

  it("all of them once a minute, which the digest alone might not ask for", () => {
    const beat = beating();
    const said = Array.from({ length: 242 }, () => beat([lease("a")]));
    const complete = said.flatMap((named, index) => (named === "all: a" ? [index] : []));
    expect(complete).toEqual([0, 120, 240]);
  });
});

describe("a heartbeat of a node with thousands of leases", () => {
  const many = manyLeases(6_000);

  it("never names more than about a hundred, and brings digests to hear which buckets differ", () => {
    const report = reporting();
    const first = report(many, { reply: { ...DIFFERS, differingBuckets: [3, 5, 8, 200] } });
    expect(first.buckets).toHaveLength(256);
    expect(first.named).toHaveLength(64);
    const named = new Set(first.named.map(({ roomId }) => roomId));
    const buckets: number[] = [];
    for (let beat = report(many); ; beat = report(many)) {
      expect(beat.named.length).toBeLessThanOrEqual(100);
      for (const { roomId } of beat.named) named.add(roomId);
      buckets.push(...(beat.page?.buckets ?? []));
      if (beat.isConclusive) break;
    }
    expect(named.size).toBe(6_000);
    expect(buckets.slice(0, 4)).toEqual([3, 5, 8, 200]);
  });

  it("names a bucket in full, with what the registry knows already", () => {
    const report = reporting();
    report(many, { reply: { ...DIFFERS, differingBuckets: [7] } });
    const { page, named } = report(many);
    expect(page).toEqual({ of: 256, buckets: [7] });
    const inBucket = many.filter(({ roomId }) => leaseBucketOf(roomId, 256) === 7);
    expect(named).toEqual(expect.arrayContaining(inBucket));
  });

  it("begins again with digests when all was named, and the registry still means others: with the next regular beat", () => {
    const report = reporting();
    const few = manyLeases(40);
    expect(report(few, { reply: DIFFERS }).isConclusive).toBe(false);
    expect(report(few, { reply: { ...DIFFERS, differingBuckets: [1] } }).isConclusive).toBe(false);
    expect(report(few, { reply: DIFFERS })).toMatchObject({
      page: { of: 2, buckets: [1] },
      isConclusive: true,
    });
    expect(report(few).buckets).toHaveLength(2);
  });

  it("names bucket after bucket even so, one every two seconds", () => {
    const report = reporting();
    report(many, { reply: KNOWN });
    for (let beat = report(many); !beat.isConclusive; ) beat = report(many);
    const pages = Array.from({ length: 40 }, () => report(many).page?.buckets ?? []);
    const named = pages.flat();
    expect(named).toHaveLength(10);
    expect(new Set(named).size).toBe(10);
  });
});
