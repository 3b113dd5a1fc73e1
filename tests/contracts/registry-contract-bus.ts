import { describe, expect } from "vitest";
import {
  beating,
  beatOf,
  nodesOf,
  type OpenRegistryAdapter,
  placePeer,
  type RegistryAdapter,
  serving,
} from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

/** Node `a` serves a room, which it has named. */
async function openRoom({ registry }: RegistryAdapter) {
  await registry.heartbeat(beatOf("a"));
  const { lease } = await placePeer(registry, "standup");
  const leases = serving([lease]);
  await registry.heartbeat(beatOf("a", { leases }));
  const named = serving([lease], { named: [] });
  return {
    lease,
    withBus: beatOf("a", { leases: named }),
    cut: beatOf("a", { leases: named, busConnected: false }),
  };
}

const b = beatOf("b");
const bCut = beatOf("b", { busConnected: false });

/** A node that beats and has lost the bus. */
export function describeBusCuts(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("nodes without the bus", () => {
    fact("a node that is cut while others have the bus loses its rooms after 10 s", async (adapter) => {
      const { registry, advance } = adapter;
      const { lease, cut } = await openRoom(adapter);
      await registry.heartbeat(cut);
      await beating(adapter, 10_000, [b, cut]);
      expect((await placePeer(registry, "standup")).lease).toEqual(lease);
      await advance(1);
      expect((await registry.describeRoom("standup"))?.lease).toBeNull();
      expect(await registry.heartbeat(cut)).toMatchObject({ lost: [], orphans: [] });
      expect((await registry.heartbeat(b)).orphans).toEqual([lease]);
      const moved = (await placePeer(registry, "standup")).lease;
      expect(moved.nodeId).toBe("b");
      const told = await registry.heartbeat({ ...cut, leases: serving([lease]) });
      expect(told.lost, "positive evidence").toEqual([moved]);
      const listed = (await nodesOf(registry)).map(({ nodeId, busConnected }) => [nodeId, busConnected]);
      expect(listed, "it lives, and an operator must see it").toEqual([
        ["a", false],
        ["b", true],
      ]);
    });

    fact("a cut node takes no new room, at once", async (adapter) => {
      const { registry } = adapter;
      const { cut } = await openRoom(adapter);
      await registry.heartbeat(cut);
      await expect(placePeer(registry, "retro")).rejects.toMatchObject({ code: "no_capacity" });
    });

    fact("where nobody has the bus, nobody loses anything, however long", async (adapter) => {
      const { registry } = adapter;
      const { lease, cut } = await openRoom(adapter);
      await beating(adapter, 40_000, [cut, bCut]);
      expect((await placePeer(registry, "standup")).lease).toEqual(lease);
    });

    fact(
      "the bus comes back to nodes in any order: 10 s count from when the first has it",
      async (adapter) => {
        const { registry, advance } = adapter;
        const { lease, cut, withBus } = await openRoom(adapter);
        await beating(adapter, 40_000, [cut, bCut]);
        await registry.heartbeat(b);
        await beating(adapter, 10_000, [cut, b]);
        expect((await placePeer(registry, "standup")).lease).toEqual(lease);
        await registry.heartbeat(withBus);
        await beating(adapter, 20_000, [withBus, b]);
        expect((await placePeer(registry, "standup")).lease).toEqual(lease);
        await registry.heartbeat(cut);
        await beating(adapter, 10_000, [cut, b]);
        expect((await placePeer(registry, "standup")).lease, "and anew from each cut").toEqual(lease);
        await advance(1);
        await registry.heartbeat(cut);
        expect((await registry.heartbeat(b)).orphans).toEqual([lease]);
      },
    );

    fact("a node that has the bus again keeps the rooms that nobody took", async (adapter) => {
      const { registry } = adapter;
      const { lease, cut, withBus } = await openRoom(adapter);
      const drainingB = beatOf("b", { state: "draining" });
      await beating(adapter, 12_000, [cut, drainingB]);
      expect((await registry.describeRoom("standup"))?.lease).toBeNull();
      expect(await registry.heartbeat(withBus)).toMatchObject({ lost: [], orphans: [] });
      expect((await registry.heartbeat(b)).orphans).toEqual([]);
      expect((await placePeer(registry, "standup")).lease).toEqual(lease);
    });

    fact(
      "a node that is cut, has company, and is alone in it again, can lose its rooms once more",
      async (adapter) => {
        const { registry } = adapter;
        const { lease, cut } = await openRoom(adapter);
        const drainingB = beatOf("b", { state: "draining" });
        await beating(adapter, 12_000, [cut, drainingB]);
        await beating(adapter, 6_000, [cut, { ...drainingB, busConnected: false }]);
        expect(
          (await placePeer(registry, "standup")).lease,
          "nobody has the bus: it counts as before",
        ).toEqual(lease);
        await beating(adapter, 2_000, [cut, b]);
        expect((await registry.describeRoom("standup"))?.lease).toEqual(lease);
        await beating(adapter, 9_000, [cut, drainingB]);
        await registry.heartbeat(cut);
        expect((await registry.heartbeat(b)).orphans).toEqual([lease]);
      },
    );

    fact("a cut from before the registry was away does not count", async (adapter) => {
      const { registry, advance } = adapter;
      const { lease, cut } = await openRoom(adapter);
      await registry.heartbeat(cut);
      await registry.heartbeat(b);
      await advance(11_000);
      await registry.heartbeat(b);
      expect((await registry.describeRoom("standup"))?.lease).toEqual(lease);
      await beating(adapter, 10_500, [cut, b]);
      expect((await registry.describeRoom("standup"))?.lease).toBeNull();
    });

    fact("a node that is known to be cut off is not told as late", async (adapter) => {
      const { registry, advance } = adapter;
      await beating(adapter, 12_000, [beatOf("a", { busConnected: false }), b]);
      await advance(700);
      expect((await registry.heartbeat(b)).late).toEqual([]);
      await registry.heartbeat(beatOf("a"));
      await advance(700);
      expect((await registry.heartbeat(b)).late).toEqual([
        { incarnation: "a-run-1", silentMs: 700, intervalMs: 500 },
      ]);
    });

    fact("a room that a node takes up while it is cut off is handed out too", async (adapter) => {
      const { registry, now } = adapter;
      await beating(adapter, 12_000, [beatOf("a", { busConnected: false }), b]);
      const served = { roomId: "standup", core: 0, epoch: now(), isLocal: true };
      await registry.heartbeat(beatOf("a", { busConnected: false, leases: serving([served]) }));
      expect((await registry.heartbeat(b)).orphans).toMatchObject([{ roomId: "standup", nodeId: "a" }]);
    });
  });
}
