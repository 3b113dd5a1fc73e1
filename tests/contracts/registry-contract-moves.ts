import type { Lease } from "@fairlead/protocol";
import { describe, expect } from "vitest";
import {
  beating,
  beatOf,
  type OpenRegistryAdapter,
  openDebit,
  placePeer,
  serving,
} from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

export function describeMoves(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  /** A room of two peers that node a served and gives to node b, where it costs as much. */
  const moved = async (adapter: Awaited<ReturnType<OpenRegistryAdapter>>, movedLoad: number) => {
    const { registry } = adapter;
    await registry.heartbeat(beatOf("a"));
    const { lease } = await placePeer(registry, "standup");
    const served = serving([{ ...lease, peers: 2 }]);
    await beating(adapter, 125_000, [beatOf("a", { leases: served })]);
    await registry.heartbeat(beatOf("b"));
    const exclude = [{ nodeId: "a", incarnation: "a-run-1", core: 0 }];
    const placed = await registry.place({ roomId: "standup", supersedes: lease, exclude, movedLoad });
    expect(placed.lease.nodeId).toBe("b");
    return placed.lease;
  };
  const at = (lease: Lease) => beatOf("b", { leases: serving([lease]) });

  describe("a room that moves", () => {
    fact(
      "reserves what it was measured to cost, and nothing for growth, until its peers are measured",
      async (adapter) => {
        const { registry } = adapter;
        const lease = await moved(adapter, 0.3);
        expect(await openDebit(registry, "b")).toBeCloseTo(0.3, 9);
        const first = await placePeer(registry, "standup");
        await beating(adapter, 1_500, [at(lease)]);
        const second = await placePeer(registry, "standup");
        await beating(adapter, 1_500, [at(lease)]);
        // Those that come back cost nothing besides, and the last of them is not measured yet.
        expect(await openDebit(registry, "b")).toBeCloseTo(0.3, 9);
        await beating(adapter, 500, [at(lease)]);
        expect(await openDebit(registry, "b")).toBe(0);
        const settledDebits = [first.debitId, second.debitId];
        await registry.heartbeat({ ...at(lease), settledDebits });
        expect(await openDebit(registry, "b")).toBe(0);
      },
    );

    fact("reserves for whoever comes besides as for any peer", async (adapter) => {
      const { registry } = adapter;
      const lease = await moved(adapter, 0.3);
      for (let peer = 0; peer < 3; peer += 1) await placePeer(registry, "standup");
      expect(await openDebit(registry, "b")).toBeCloseTo(0.304, 9);
      await beating(adapter, 2_000, [at(lease)]);
      expect(await openDebit(registry, "b")).toBeCloseTo(0.004, 9);
    });

    fact("reserves for two minutes where nobody comes, and no longer than it is there", async (adapter) => {
      const { registry } = adapter;
      const lease = await moved(adapter, 0.3);
      await beating(adapter, 119_500, [at(lease)]);
      expect(await openDebit(registry, "b")).toBeCloseTo(0.3, 9);
      await beating(adapter, 500, [at(lease)]);
      expect(await openDebit(registry, "b")).toBe(0);
    });

    fact("keeps the part of those who have not come back, for two minutes", async (adapter) => {
      const { registry } = adapter;
      const lease = await moved(adapter, 0.3);
      await placePeer(registry, "standup");
      await beating(adapter, 1_500, [at(lease)]);
      expect(await openDebit(registry, "b")).toBeCloseTo(0.3, 9);
      await beating(adapter, 500, [at(lease)]);
      expect(await openDebit(registry, "b")).toBeCloseTo(0.15, 9);
      await beating(adapter, 117_500, [at(lease)]);
      expect(await openDebit(registry, "b")).toBeCloseTo(0.15, 9);
      await beating(adapter, 500, [at(lease)]);
      expect(await openDebit(registry, "b")).toBe(0);
    });

    fact("that spanned cores fills one; the peers that sit on others count as they come", async (adapter) => {
      const { registry } = adapter;
      await moved(adapter, 1.8);
      expect(await openDebit(registry, "b")).toBeCloseTo(0.9, 9);
      for (let peer = 0; peer < 2; peer += 1) await placePeer(registry, "standup");
      expect(await openDebit(registry, "b")).toBeCloseTo(0.904, 9);
    });

    fact("takes its reservation with it", async (adapter) => {
      const { registry } = adapter;
      const lease = await moved(adapter, 0.3);
      await placePeer(registry, "standup");
      await registry.release(lease);
      expect(await openDebit(registry, "b")).toBe(0);
    });

    fact("that costs nothing reserves nothing", async (adapter) => {
      await moved(adapter, 0);
      expect(await openDebit(adapter.registry, "b")).toBe(0);
    });

    fact("fills its core as measured load does", async (adapter) => {
      const { registry } = adapter;
      await moved(adapter, 0.89);
      await registry.removeNode("a-run-1");
      await registry.heartbeat(beatOf("c", { cores: [{ cpuLoad: 0.88 }] }));
      expect((await placePeer(registry, "another")).lease.nodeId).toBe("c");
    });
  });
}
