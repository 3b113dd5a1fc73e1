import { type Lease, leaseBucketOf } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import { describe, expect } from "vitest";
import { beating, beatOf, type OpenRegistryAdapter, placePeer, serving } from "./registry-adapter.ts";
import { tellLeases } from "./telling-leases.ts";
import { factsAbout } from "./with-adapter.ts";

const CORES = [{}, {}, {}, {}];
const DRAINING = beatOf("watcher", { state: "draining" });

/** A node that has so many rooms, and has named each. */
async function serveRooms(registry: Registry, nodeId: string, rooms: number): Promise<Lease[]> {
  await registry.heartbeat(beatOf(nodeId, { cores: CORES }));
  const leases: Lease[] = [];
  for (let room = 0; room < rooms; room += 1)
    leases.push((await registry.place({ roomId: `room-${room}` })).lease);
  await registry.heartbeat(beatOf(nodeId, { cores: CORES, leases: serving(leases) }));
  return leases;
}

/** Node and registry find out bucket by bucket where they differ; nothing grows with the number of leases. */
export function describeLeasePages(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("pages of leases", () => {
    fact("the registry names the buckets that differ, and no others", async ({ registry }) => {
      const leases = await serveRooms(registry, "a", 60);
      const [gone, ...left] = leases as [Lease, ...Lease[]];
      const beat = beatOf("a", { cores: CORES });
      expect((await tellLeases(registry, beat, leases)).differing).toEqual([]);
      const { differing, replies } = await tellLeases(registry, beat, left);
      expect(differing).toEqual([leaseBucketOf(gone.roomId, 8)]);
      expect(replies.at(-1)).toMatchObject({ leasesDiffer: false, lost: [] });
      const listed = (await registry.listRooms({ limit: 100 })).items;
      expect(new Set(listed.map(({ roomId }) => roomId))).toEqual(new Set(left.map(({ roomId }) => roomId)));
    });

    fact("a page ends nothing outside of its buckets", async ({ registry }) => {
      const leases = await serveRooms(registry, "a", 60);
      const page = { of: 2, buckets: [1] };
      const beat = beatOf("a", { cores: CORES, leases: { ...serving(leases, { named: [] }), page } });
      expect((await registry.heartbeat(beat)).leasesDiffer).toBe(true);
      const kept = leases.filter(({ roomId }) => leaseBucketOf(roomId, 2) === 0);
      const { items } = await registry.listRooms({ limit: 100 });
      expect(new Set(items.map(({ roomId }) => roomId))).toEqual(new Set(kept.map(({ roomId }) => roomId)));
    });

    fact("one beat ends 50 leases at most; the digests differ until all are ended", async ({ registry }) => {
      await serveRooms(registry, "a", 95);
      const none = beatOf("a", { cores: CORES, leases: serving([], { isComplete: true }) });
      const differs = [];
      for (let beat = 0; beat < 3; beat += 1) differs.push((await registry.heartbeat(none)).leasesDiffer);
      expect(differs).toEqual([true, false, false]);
      expect((await registry.listRooms({ limit: 100 })).items).toEqual([]);
    });

    fact(
      "a beat that an earlier one overtook ends nothing: it does not know what was opened since",
      async (adapter) => {
        const { registry, skewed } = adapter;
        await registry.heartbeat(beatOf("a"));
        const one = (await placePeer(registry, "one")).lease;
        await adapter.advance(1_000);
        const two = (await placePeer(registry, "two")).lease;
        await registry.heartbeat(beatOf("a", { leases: serving([one, two]) }));
        const held = beatOf("a", { leases: serving([one], { isComplete: true }) });
        await skewed(-800, () => registry.heartbeat(held));
        expect((await registry.describeRoom("two"))?.lease).toEqual(two);
      },
    );
  });

  describe("a dead node's rooms", () => {
    fact("are handed out 50 a beat, also when its heirs only watched its burial", async (adapter) => {
      const { registry } = adapter;
      const leases = await serveRooms(registry, "dead", 200);
      await beating(adapter, 3_500, [DRAINING]);
      const handed: string[] = [];
      for (let beat = 0; beat < 6; beat += 1) {
        const { orphans } = await registry.heartbeat(beatOf(beat % 2 === 0 ? "a" : "b"));
        expect(orphans.length).toBeLessThanOrEqual(50);
        handed.push(...orphans.map(({ roomId }) => roomId));
      }
      expect(handed.length).toBe(new Set(handed).size);
      expect(new Set(handed)).toEqual(new Set(leases.map(({ roomId }) => roomId)));
    });

    fact("are not handed out where somebody placed them meanwhile", async (adapter) => {
      const { registry } = adapter;
      await serveRooms(registry, "dead", 100);
      await beating(adapter, 3_500, [DRAINING]);
      await registry.heartbeat(beatOf("a", { cores: CORES, busConnected: false }));
      await registry.heartbeat(beatOf("b", { cores: CORES, state: "draining" }));
      const placed = new Set<string>();
      await registry.heartbeat(beatOf("c", { cores: CORES, state: "draining" }));
      await registry.heartbeat(beatOf("d", { cores: CORES }));
      for (let room = 0; room < 100; room += 10) {
        placed.add((await registry.place({ roomId: `room-${room}` })).lease.roomId);
      }
      const handed: string[] = [];
      for (let beat = 0; beat < 4; beat += 1)
        handed.push(...(await registry.heartbeat(beatOf("e"))).orphans.map(({ roomId }) => roomId));
      const first = (await registry.heartbeat(beatOf("d", { cores: CORES }))).orphans;
      expect(first).toEqual([]);
      expect(handed.filter((roomId) => placed.has(roomId))).toEqual([]);
    });

    fact("stay its own where it comes back and nobody took them, page by page", async (adapter) => {
      const { registry } = adapter;
      const leases = await serveRooms(registry, "a", 180);
      const beat = beatOf("a", { cores: CORES });
      await beating(adapter, 3_500, [DRAINING]);
      await registry.heartbeat(beatOf("b", { cores: CORES }));
      const taken = (await registry.place({ roomId: "room-7" })).lease;
      expect(taken.nodeId).toBe("b");
      expect(
        (await registry.heartbeat({ ...beat, leases: serving(leases, { named: [] }) })).leasesDiffer,
      ).toBe(true);
      const closed = leases[9] as Lease;
      const served = leases.filter((lease) => lease !== closed);
      const { replies } = await tellLeases(registry, beat, served);
      expect(replies.flatMap(({ lost }) => lost)).toEqual([taken]);
      const left = served.filter(({ roomId }) => roomId !== taken.roomId);
      expect((await tellLeases(registry, beat, left)).differing).toEqual([]);
      for (const lease of left) expect((await registry.describeRoom(lease.roomId))?.lease).toEqual(lease);
      expect((await registry.describeRoom(closed.roomId))?.lease ?? null).toBeNull();
      await beating(adapter, 3_500, [{ ...beat, state: "draining", leases: serving(left, { named: [] }) }]);
      expect((await registry.heartbeat(beatOf("c"))).orphans).toEqual([taken]);
    });
  });

  describe("what comes in numbers", () => {
    fact(
      "rooms of a node that is cut from the bus are handed out 50 a beat, until it is back",
      async (adapter) => {
        const { registry } = adapter;
        const leases = await serveRooms(registry, "a", 300);
        const a = beatOf("a", { cores: CORES, leases: serving(leases, { named: [] }) });
        const cut = { ...a, busConnected: false };
        await beating(adapter, 11_000, [cut, DRAINING]);
        const { orphans } = await registry.heartbeat(beatOf("b"));
        expect(orphans).toHaveLength(50);
        await registry.heartbeat(a);
        for (let beat = 0; beat < 8; beat += 1)
          expect((await registry.heartbeat(beatOf("c"))).orphans).toEqual([]);
        expect((await registry.heartbeat(a)).leasesDiffer).toBe(false);
      },
    );

    fact("claims that nobody named in time end 50 a beat, longest first", async (adapter) => {
      const { registry } = adapter;
      const a = beatOf("a", { cores: CORES });
      await registry.heartbeat(a);
      for (let room = 0; room < 120; room += 1) await registry.place({ roomId: `room-${room}` });
      await beating(adapter, 5_000, [a]);
      await adapter.advance(1);
      const left = [];
      for (let beat = 0; beat < 3; beat += 1) {
        await registry.heartbeat(a);
        const { items, cursor } = await registry.listRooms({ limit: 100 });
        left.push(
          items.length +
            (cursor === undefined ? 0 : (await registry.listRooms({ limit: 100, cursor })).items.length),
        );
      }
      expect(left).toEqual([70, 20, 0]);
    });
  });
}
