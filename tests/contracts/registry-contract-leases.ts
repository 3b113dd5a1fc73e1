import { describe, expect } from "vitest";
import {
  beating,
  beatOf,
  nodesOf,
  type OpenRegistryAdapter,
  placePeer,
  serving,
} from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

export function describeLeases(createAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(createAdapter);

  describe("leases", () => {
    fact("an epoch is at least the time, and always above the room's last", async ({ registry, now }) => {
      await registry.heartbeat(beatOf("a"));
      const first = await placePeer(registry, "standup");
      expect(first.lease.epoch).toBeGreaterThanOrEqual(now());
      await registry.release(first.lease);
      expect((await placePeer(registry, "standup")).lease.epoch).toBeGreaterThan(first.lease.epoch);
    });

    fact("a suspect keeps its lease while its heartbeat is fresh", async ({ registry, advance }) => {
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await registry.heartbeat(beatOf("b"));
      await advance(1_000);
      expect((await placePeer(registry, "standup", { suspect: lease.incarnation })).lease).toEqual(lease);
    });

    fact("a suspect loses its lease when its heartbeat is late, and is not chosen again", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await beating(adapter, 1_300, [beatOf("b", { cores: [{ cpuLoad: 0.5 }] })]);
      expect((await placePeer(registry, "standup")).lease).toEqual(lease);
      const stolen = await placePeer(registry, "standup", { suspect: lease.incarnation });
      expect(stolen.lease.nodeId).toBe("b");
      expect(stolen.lease.epoch).toBeGreaterThan(lease.epoch);
    });

    fact("without a hint a lease is stolen after 3 s of silence", async (adapter) => {
      const { registry, advance } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await beating(adapter, 3_000, [beatOf("b")]);
      expect((await placePeer(registry, "standup")).lease).toEqual(lease);
      await advance(1);
      expect((await placePeer(registry, "standup")).lease.nodeId).toBe("b");
    });

    fact("a lease stays where it is when there is nowhere to steal it to", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await beating(adapter, 1_300, [beatOf("b", { state: "draining" })]);
      const suspect = lease.incarnation;
      await expect(placePeer(registry, "standup", { suspect })).rejects.toMatchObject({
        code: "no_capacity",
      });
      expect((await placePeer(registry, "standup")).lease).toEqual(lease);
    });

    fact("its owner gives a lease up for another core in one step", async ({ registry }) => {
      await registry.heartbeat(beatOf("a", { cores: [{}, { cpuLoad: 0.5 }] }));
      const { lease } = await placePeer(registry, "standup");
      const { nodeId, incarnation, core, epoch } = lease;
      const supersedes = { incarnation, epoch };
      const move = () =>
        registry.place({ roomId: "standup", supersedes, exclude: [{ nodeId, incarnation, core }] });
      const moved = await move();
      expect(moved.lease).toMatchObject({ nodeId: "a", core: 1 });
      expect(moved.lease.epoch).toBeGreaterThan(epoch);
      expect((await move()).lease, "the old epoch is no longer in force").toEqual(moved.lease);
    });

    fact("a lease that its node does not name within 5 s lapses", async (adapter) => {
      const { registry, advance } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await beating(adapter, 5_000, [beatOf("a")]);
      expect((await registry.describeRoom("standup"))?.lease).toEqual(lease);
      await advance(1);
      expect((await registry.describeRoom("standup"))?.lease ?? null, "though nobody beats").toBeNull();
      const anew = await placePeer(registry, "standup");
      expect(anew.isNew).toBe(true);
      expect(anew.lease.epoch).toBeGreaterThan(lease.epoch);
    });

    fact("a lease that lapses soon is awaited anew when somebody is sent to it", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await beating(adapter, 4_999, [beatOf("a")]);
      expect((await placePeer(registry, "standup")).lease).toEqual(lease);
      await beating(adapter, 5_000, [beatOf("a")]);
      expect((await registry.describeRoom("standup"))?.lease).toEqual(lease);
      await registry.heartbeat(beatOf("a", { leases: serving([lease]) }));
      await beating(adapter, 6_000, [beatOf("a", { leases: serving([lease], { named: [] }) })]);
      expect((await placePeer(registry, "standup")).lease).toEqual(lease);
    });

    fact("a lease that lapses soon is not awaited anew by who can't reach its node", async (adapter) => {
      const { registry, advance } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await beating(adapter, 4_900, [beatOf("a")]);
      await placePeer(registry, "standup", { suspect: lease.incarnation });
      await advance(101);
      expect((await registry.describeRoom("standup"))?.lease ?? null).toBeNull();
    });

    fact("a lease that its node has named once stays while the node lives", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await registry.heartbeat(beatOf("a", { leases: serving([lease]) }));
      await beating(adapter, 12_000, [beatOf("a", { leases: serving([lease], { named: [] }) })]);
      expect((await placePeer(registry, "standup")).lease).toEqual(lease);
    });

    fact("release ends the lease in force and no other", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await registry.release({ ...lease, epoch: lease.epoch - 1 });
      await registry.release({ ...lease, incarnation: "somebody-else" });
      expect((await registry.describeRoom("standup"))?.lease).toEqual(lease);
      await registry.release(lease);
      expect((await registry.describeRoom("standup"))?.lease ?? null).toBeNull();
    });

    fact("the leases of a node that says goodbye lapse at once", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await registry.heartbeat(beatOf("b", { cores: [{ cpuLoad: 0.5 }] }));
      await registry.removeNode(lease.incarnation);
      expect((await nodesOf(registry)).map(({ nodeId }) => nodeId)).toEqual(["b"]);
      expect((await placePeer(registry, "standup")).lease.nodeId).toBe("b");
    });

    fact(
      "a node that restarts under its old name has none of its former leases",
      async ({ registry, advance }) => {
        await registry.heartbeat(beatOf("a"));
        const { lease } = await placePeer(registry, "standup");
        await advance(3_100);
        await registry.heartbeat(beatOf("a", { incarnation: "a-run-2" }));
        expect((await registry.describeRoom("standup"))?.lease).toBeNull();
        const again = await placePeer(registry, "standup");
        expect(again.lease).toMatchObject({ nodeId: "a", incarnation: "a-run-2" });
        expect(again.lease.epoch).toBeGreaterThan(lease.epoch);
      },
    );
  });
}
