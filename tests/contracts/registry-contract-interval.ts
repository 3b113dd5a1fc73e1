import { describe, expect } from "vitest";
import {
  beating,
  beatOf,
  type CreateRegistryAdapter,
  placePeer,
  type RegistryAdapter,
  serving,
} from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

const NODES = ["a", "b", "c", "d"];
/** As each node sends one at least once a minute: then the interval is looked at. */
const page = serving([], { isComplete: true });

/** Heartbeats grow rarer in a cluster of many nodes. Here two are few, and four are many. */
export function describeBeatInterval(createAdapter: CreateRegistryAdapter): void {
  const fact = factsAbout(() => createAdapter({ coldMs: 0, fewNodes: 2, manyNodes: 4 }));

  /** @returns What each of the first so many nodes is told when all have beaten. */
  const intervals = async ({ registry }: RegistryAdapter, count: number) => {
    const nodes = NODES.slice(0, count);
    // Each must have been heard of since they are many.
    for (const nodeId of [...nodes, ...nodes]) await registry.heartbeat(beatOf(nodeId, { leases: page }));
    const replies = [];
    for (const nodeId of nodes) replies.push(await registry.heartbeat(beatOf(nodeId, { leases: page })));
    return replies.map(({ intervalMs }) => intervalMs);
  };

  describe("the interval of heartbeats", () => {
    fact(
      "is 500 ms with few nodes, grows with them, up to a second, and is kept until it is looked at again",
      async (adapter) => {
        const { registry, advance } = adapter;
        expect(await intervals(adapter, 2)).toEqual([500, 500]);
        expect(await intervals(adapter, 3)).toEqual([750, 750, 750]);
        expect(await intervals(adapter, 4)).toEqual([1_000, 1_000, 1_000, 1_000]);
        await advance(500);
        expect((await registry.heartbeat(beatOf("a"))).intervalMs).toBe(1_000);
        for (const nodeId of ["c", "d"]) await registry.removeNode(`${nodeId}-run-1`);
        expect((await registry.heartbeat(beatOf("a"))).intervalMs).toBe(1_000);
        expect(await intervals(adapter, 2)).toEqual([500, 500]);
      },
    );

    fact("rules when a node is late, and when a suspect is dead", async (adapter) => {
      const { registry, advance } = adapter;
      await intervals(adapter, 4);
      const { lease } = await placePeer(registry, "standup");
      expect(lease.nodeId).toBe("a");
      const others = NODES.slice(1).map((nodeId) => beatOf(nodeId));
      await beating(adapter, 1_000, others);
      await advance(300);
      const late = async () => (await registry.heartbeat(beatOf("b"))).late;
      expect(await late(), "1,300 ms are not late").toEqual([]);
      await advance(1);
      expect(await late()).toEqual([{ incarnation: "a-run-1", silentMs: 1_301, intervalMs: 1_000 }]);
      const suspect = "a-run-1";
      await beating(adapter, 1_099, others);
      expect((await placePeer(registry, "standup", { suspect })).lease).toEqual(lease);
      await advance(1);
      expect((await placePeer(registry, "standup", { suspect })).lease.incarnation).not.toBe(suspect);
    });

    fact("rules when a node is dead", async (adapter) => {
      const { registry, advance } = adapter;
      await intervals(adapter, 4);
      const { lease } = await placePeer(registry, "standup");
      expect(lease.nodeId).toBe("a");
      await registry.heartbeat(beatOf("a", { leases: serving([lease]) }));
      await beating(
        adapter,
        6_000,
        NODES.slice(1).map((nodeId) => beatOf(nodeId)),
      );
      expect((await registry.describeRoom("standup"))?.lease).toEqual(lease);
      await advance(1);
      expect((await registry.describeRoom("standup"))?.lease).toBeNull();
      expect((await registry.heartbeat(beatOf("b"))).orphans).toEqual([lease]);
    });
  });
}
