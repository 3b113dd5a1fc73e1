import { describe, expect } from "vitest";
import {
  beating,
  beatOf,
  type OpenRegistryAdapter,
  placePeer,
  type RegistryAdapter,
  serving,
} from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

const ROOM = { roomId: "standup", core: 0 };

/** A node names its lease of the room, and hears what came of it. */
async function names(
  { registry }: RegistryAdapter,
  nodeId: string,
  claim: { epoch: number; peers?: number; isLocal?: boolean },
) {
  const { lost, renewed } = await registry.heartbeat(
    beatOf(nodeId, { leases: serving([{ ...ROOM, ...claim }]) }),
  );
  return { lost, renewed };
}

const leaseOf = (nodeId: string, epoch: number) => ({
  ...ROOM,
  nodeId,
  incarnation: `${nodeId}-run-1`,
  epoch,
});
const NOTHING = { lost: [], renewed: [] };

/** Two nodes serve one room: after a flush, a stall, or a time without the registry. */
export function describeConflicts(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("two nodes that serve one room", () => {
    fact("the higher epoch wins, and the other is told, whoever beats first", async (adapter) => {
      const epoch = adapter.now() - 60_000;
      expect(await names(adapter, "old", { epoch })).toEqual(NOTHING);
      expect(await names(adapter, "new", { epoch: epoch + 7 })).toEqual(NOTHING);
      const lost = [leaseOf("new", epoch + 7)];
      expect(await names(adapter, "old", { epoch, peers: 9 })).toEqual({ lost, renewed: [] });
      expect((await adapter.registry.describeRoom("standup"))?.lease).toEqual(lost[0]);
      const next = (await adapter.registry.place({ ...ROOM, supersedes: leaseOf("new", epoch + 7) })).lease;
      expect(next.epoch).toBeGreaterThanOrEqual(adapter.now());
    });

    fact("a node whose room was stolen is told, though the thief is dead by now", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("a"));
      const former = (await placePeer(registry, "standup")).lease;
      await beating(adapter, 3_500, [beatOf("b")]);
      const { lease } = await placePeer(registry, "standup");
      await beating(adapter, 3_500, [beatOf("c", { state: "draining" })]);
      expect(await names(adapter, "a", { epoch: former.epoch })).toEqual({ lost: [lease], renewed: [] });
    });

    fact("a node that is placed anew on another core hears nothing until its join", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("a", { cores: [{}, {}] }));
      const { lease } = await placePeer(registry, "standup");
      const former = beatOf("a", { cores: [{}, {}], leases: serving([lease]) });
      await registry.heartbeat(former);
      const moved = await registry.place({ roomId: "standup", supersedes: lease, exclude: [{ ...lease }] });
      expect(moved.lease.core).toBe(1);
      expect(await registry.heartbeat(former)).toMatchObject(NOTHING);
      expect((await registry.describeRoom("standup"))?.lease).toEqual(moved.lease);
    });

    fact("a node goes on under the higher epoch that it was given on the same core", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await names(adapter, "a", { epoch: lease.epoch });
      const again = await registry.place({ roomId: "standup", supersedes: lease });
      expect(again.lease).toEqual({ ...lease, epoch: lease.epoch + 1 });
      expect(await names(adapter, "a", { epoch: lease.epoch })).toEqual({ lost: [], renewed: [again.lease] });
      expect(await names(adapter, "a", { epoch: again.lease.epoch })).toEqual(NOTHING);
    });

    fact(
      "a node that claims it in the very millisecond of a placement on another core keeps it",
      async (adapter) => {
        const { registry } = adapter;
        await registry.heartbeat(beatOf("a", { cores: [{ cpuLoad: 0.5 }, {}] }));
        const { lease } = await placePeer(registry, "standup");
        expect(lease.core).toBe(1);
        expect(await names(adapter, "a", { epoch: lease.epoch, isLocal: true })).toEqual({
          lost: [],
          renewed: [leaseOf("a", lease.epoch + 1)],
        });
      },
    );

    fact(
      "a node that changed cores while the registry was away goes on there, though another tried for its room",
      async (adapter) => {
        const { registry } = adapter;
        await registry.heartbeat(beatOf("a", { cores: [{ cpuLoad: 0.5 }, {}] }));
        const { lease } = await placePeer(registry, "standup");
        await registry.heartbeat(beatOf("a", { leases: serving([{ ...lease, peers: 3 }]) }));
        const epoch = adapter.now() + 500;
        const tried = await names(adapter, "b", { epoch, isLocal: true });
        expect(tried).toEqual({ lost: [{ ...lease, epoch: epoch + 1 }], renewed: [] });
        expect(await names(adapter, "a", { epoch, peers: 3, isLocal: true })).toEqual({
          lost: [],
          renewed: [leaseOf("a", epoch + 2)],
        });
      },
    );

    fact(
      "of two that claimed it while the registry was away, most peers stays: the holder",
      async (adapter) => {
        const epoch = adapter.now();
        await names(adapter, "many", { epoch, peers: 5, isLocal: true });
        const few = await names(adapter, "few", { epoch: epoch + 3, peers: 4, isLocal: true });
        const kept = leaseOf("many", epoch + 4);
        expect(few).toEqual({ lost: [kept], renewed: [] });
        expect(await names(adapter, "many", { epoch, peers: 5 })).toEqual({ lost: [], renewed: [kept] });
        expect((await placePeer(adapter.registry, "standup")).lease).toEqual(kept);
      },
    );

    fact(
      "of two that claimed it while the registry was away, most peers stays: the newcomer",
      async (adapter) => {
        const epoch = adapter.now();
        await names(adapter, "few", { epoch: epoch + 3, peers: 4, isLocal: true });
        const kept = leaseOf("many", epoch + 4);
        const many = await names(adapter, "many", { epoch, peers: 5, isLocal: true });
        expect(many).toEqual({ lost: [], renewed: [kept] });
        const few = await names(adapter, "few", { epoch: epoch + 3, peers: 4 });
        expect(few).toEqual({ lost: [kept], renewed: [] });
        expect((await adapter.registry.describeRoom("standup"))?.decision?.reason).toBe("claimed_by_node");
      },
    );

    fact(
      "at equal peers the higher epoch wins; at equal epochs too, the holder, under a higher one",
      async (adapter) => {
        const epoch = adapter.now();
        await names(adapter, "a", { epoch, peers: 2, isLocal: true });
        expect(await names(adapter, "b", { epoch: epoch + 1, peers: 2, isLocal: true })).toEqual(NOTHING);
        expect(await names(adapter, "c", { epoch: epoch + 1, peers: 2, isLocal: true })).toEqual({
          lost: [leaseOf("b", epoch + 2)],
          renewed: [],
        });
      },
    );

    fact("a local claim with fewer peers yields to the lease that its living node kept", async (adapter) => {
      const { registry, now } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await names(adapter, "a", { epoch: lease.epoch, peers: 3 });
      const kept = { ...lease, epoch: now() + 101 };
      expect(await names(adapter, "b", { epoch: now() + 100, peers: 1, isLocal: true })).toEqual({
        lost: [kept],
        renewed: [],
      });
    });

    fact("a local claim takes the room of a dead node, however many peers that had", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await names(adapter, "a", { epoch: lease.epoch, peers: 30 });
      await beating(adapter, 3_500, [beatOf("b", { state: "draining" })]);
      const epoch = adapter.now();
      expect(await names(adapter, "b", { epoch, peers: 1, isLocal: true })).toEqual(NOTHING);
      expect((await registry.describeRoom("standup"))?.lease).toEqual(leaseOf("b", epoch));
    });

    fact("a local claim is one until its node says otherwise, or it got a higher epoch", async (adapter) => {
      const epoch = adapter.now();
      const tries = (by: number) => names(adapter, "b", { epoch: epoch + by, peers: 1 });
      await names(adapter, "a", { epoch, peers: 5, isLocal: true });
      expect((await tries(10)).lost, "most peers stays").toEqual([leaseOf("a", epoch + 11)]);
      expect(await tries(20), "the higher epoch wins").toEqual(NOTHING);
      await names(adapter, "a", { epoch: epoch + 30, peers: 5, isLocal: true });
      await names(adapter, "a", { epoch: epoch + 30, peers: 5 });
      expect(await tries(40)).toEqual(NOTHING);
      const wins = await names(adapter, "a", { epoch, peers: 5, isLocal: true });
      expect(wins.renewed).toEqual([leaseOf("a", epoch + 41)]);
      expect(await tries(50)).toEqual(NOTHING);
    });

    fact("a room that a node takes up from another leaves no debit there", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("a"));
      await placePeer(registry, "standup");
      await names(adapter, "b", { epoch: adapter.now() + 1 });
      const nodes = (await registry.listNodes({ limit: 9 })).items;
      expect(nodes.map(({ nodeId, cores }) => [nodeId, cores[0]?.debit])).toEqual([
        ["a", 0],
        ["b", 0],
      ]);
      expect(await registry.heartbeat(beatOf("a"))).toMatchObject({ leasesDiffer: false, lost: [] });
    });
  });
}
