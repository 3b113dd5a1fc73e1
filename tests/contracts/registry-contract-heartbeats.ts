import { describe, expect } from "vitest";
import { beatOf, type CreateRegistryAdapter, openDebit, placePeer } from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

export function describeHeartbeats(createAdapter: CreateRegistryAdapter): void {
  const fact = factsAbout(createAdapter);

  describe("heartbeat", () => {
    fact(
      "a node is listed with its loads until its heartbeat is older than 3 s",
      async ({ registry, now, advance }) => {
        const cores = [{ cpuLoad: 0.25, peers: 4 }, { cpuLoad: 0.1 }];
        await registry.heartbeat(beatOf("a", { cores, networkLoad: 0.2, labels: ["gpu"] }));
        const [node] = await registry.listNodes();
        expect(node).toMatchObject({
          nodeId: "a",
          region: "eu",
          labels: ["gpu"],
          networkLoad: 0.2,
          state: "ready",
        });
        expect(node?.cores.map(({ load, debit }) => ({ load, debit }))).toEqual([
          { load: 0.25, debit: 0 },
          { load: 0.2, debit: 0 },
        ]);
        expect(Math.abs((node?.lastBeatMs ?? 0) - now())).toBeLessThan(1_000);
        await advance(3_100);
        expect(await registry.listNodes()).toEqual([]);
      },
    );

    fact("settles the debits it names and leaves the others", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const placed = [];
      for (let peer = 0; peer < 10; peer += 1) placed.push(await placePeer(registry, "standup"));
      const all = openDebit(await registry.listNodes());
      const settledDebits = placed.slice(0, 4).map(({ debitId }) => debitId);
      await registry.heartbeat(beatOf("a", { settledDebits }));
      const rest = openDebit(await registry.listNodes());
      expect(rest).toBeCloseTo(all * 0.6, 6);
      await registry.heartbeat(beatOf("a", { settledDebits }));
      expect(openDebit(await registry.listNodes()), "a repeated id settles nothing").toBe(rest);
      await registry.heartbeat(beatOf("a", { settledDebits: placed.slice(4).map(({ debitId }) => debitId) }));
      expect(openDebit(await registry.listNodes())).toBe(0);
    });

    fact("does not settle another node's debits", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const { debitId } = await placePeer(registry, "standup");
      await placePeer(registry, "standup");
      const before = openDebit(await registry.listNodes());
      await registry.heartbeat(beatOf("b", { settledDebits: [debitId] }));
      expect(openDebit(await registry.listNodes())).toBe(before);
    });

    fact("a released room leaves no debit behind", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      expect(openDebit(await registry.listNodes())).toBeGreaterThan(0);
      await registry.release(lease);
      expect(openDebit(await registry.listNodes())).toBe(0);
    });

    fact("takes up a lease that the index does not know", async ({ registry, now }) => {
      const epoch = now() - 60_000;
      await registry.heartbeat(
        beatOf("a", { cores: [{}, {}], leases: [{ roomId: "standup", core: 1, epoch }] }),
      );
      const lease = { roomId: "standup", nodeId: "a", incarnation: "a-run-1", core: 1, epoch };
      expect(await placePeer(registry, "standup")).toMatchObject({ lease, isNew: false });
    });

    fact(
      "of two nodes that name a room the higher epoch wins, and the other is told",
      async ({ registry, now }) => {
        const named = (epoch: number) => ({ leases: [{ roomId: "standup", core: 0, epoch }] });
        await registry.heartbeat(beatOf("old", named(now() - 2_000)));
        const newer = await registry.heartbeat(beatOf("new", named(now() - 1_000)));
        expect(newer.lost).toEqual([]);
        const older = await registry.heartbeat(beatOf("old", named(now() - 2_000)));
        expect(older.lost).toEqual([
          { roomId: "standup", nodeId: "new", incarnation: "new-run-1", core: 0, epoch: now() - 1_000 },
        ]);
        expect((await registry.describeRoom("standup"))?.lease?.nodeId).toBe("new");
      },
    );

    fact("a node that comes back from a stall keeps what nobody took", async ({ registry, advance }) => {
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await advance(6_000);
      const { lost } = await registry.heartbeat(
        beatOf("a", { leases: [lease].map(({ roomId, core, epoch }) => ({ roomId, core, epoch })) }),
      );
      expect(lost).toEqual([]);
      expect((await placePeer(registry, "standup")).lease).toEqual(lease);
    });

    fact("hands each room of a dead node to exactly one living node", async ({ registry, advance }) => {
      await registry.heartbeat(beatOf("dead", { cores: [{}, {}, {}, {}] }));
      const leases = [];
      for (let n = 0; n < 150; n += 1) leases.push((await registry.place({ roomId: `room-${n}` })).lease);
      await advance(3_100);
      expect((await registry.heartbeat(beatOf("leaving", { state: "draining" }))).orphans).toEqual([]);
      const replies = [];
      for (const nodeId of ["a", "b", "a", "b"]) replies.push(await registry.heartbeat(beatOf(nodeId)));
      const handed = replies.flatMap(({ orphans }) => orphans);
      expect(new Set(handed.map(({ roomId }) => roomId)).size).toBe(handed.length);
      expect(handed).toEqual(expect.arrayContaining(leases));
      expect(handed).toHaveLength(leases.length);
    });

    fact("hands a room on when its heir dies too", async ({ registry, advance }) => {
      await registry.heartbeat(beatOf("dead"));
      const { lease } = await placePeer(registry, "standup");
      await advance(3_100);
      expect((await registry.heartbeat(beatOf("heir"))).orphans).toEqual([lease]);
      await advance(3_100);
      expect((await registry.heartbeat(beatOf("next"))).orphans).toEqual([lease]);
    });

    fact("a room that was placed anew is nobody's orphan", async ({ registry, advance }) => {
      await registry.heartbeat(beatOf("dead"));
      await placePeer(registry, "standup");
      await advance(3_100);
      await registry.heartbeat(beatOf("a"));
      const { lease } = await registry.place({ roomId: "standup" });
      expect(lease.nodeId).toBe("a");
      expect((await registry.heartbeat(beatOf("b"))).orphans).toEqual([]);
    });
  });
}
