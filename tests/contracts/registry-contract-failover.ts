import { describe, expect } from "vitest";
import {
  beating,
  beatOf,
  nodesOf,
  type OpenRegistryAdapter,
  placePeer,
  roomOptions,
  serving,
} from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

export function describeFailover(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("failover", () => {
    fact("tells who is late: the four that are silent for longest, until they are dead", async (adapter) => {
      const { registry, advance } = adapter;
      for (const nodeId of ["e", "d", "c", "b", "a"]) await registry.heartbeat(beatOf(nodeId));
      await advance(100);
      await registry.heartbeat(beatOf("a"));
      await beating(adapter, 550, [beatOf("x")]);
      const lateTo = async () => (await registry.heartbeat(beatOf("x"))).late;
      expect(await lateTo(), "650 ms are not late").toEqual([]);
      await advance(1);
      const late = ["b", "c", "d", "e"].map((id) => ({
        incarnation: `${id}-run-1`,
        silentMs: 651,
        intervalMs: 500,
      }));
      expect(await lateTo()).toEqual(late);
      await beating(adapter, 2_350, [beatOf("x")]);
      expect((await lateTo()).at(0)).toEqual({ incarnation: "a-run-1", silentMs: 2_901, intervalMs: 500 });
    });

    fact("a suspect that is silent for 1.2 s is dead, and its rooms are handed out", async (adapter) => {
      const { registry, advance } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      const beat = beatOf("b", { suspects: ["a-run-1", "nobody"] });
      await beating(adapter, 1_200, [beat]);
      expect((await placePeer(registry, "standup")).lease).toEqual(lease);
      await advance(1);
      expect((await registry.heartbeat(beat)).orphans).toEqual([lease]);
      expect((await nodesOf(registry)).map(({ nodeId }) => nodeId)).toEqual(["b"]);
      expect((await placePeer(registry, "standup")).lease.nodeId).toBe("b");
    });

    fact("hands each room of a dead node to exactly one living node, at most 50 at once", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("dead", { cores: [{}, {}, {}, {}] }));
      const leases = [];
      for (let n = 0; n < 150; n += 1) leases.push((await registry.place({ roomId: `room-${n}` })).lease);
      await beating(adapter, 3_500, [beatOf("leaving", { state: "draining" })]);
      const replies = [];
      for (const nodeId of ["a", "b", "a", "b"]) replies.push(await registry.heartbeat(beatOf(nodeId)));
      expect(replies.map(({ orphans }) => orphans.length)).toEqual([50, 50, 50, 0]);
      const handed = replies.flatMap(({ orphans }) => orphans);
      expect(new Set(handed.map(({ roomId }) => roomId)).size).toBe(150);
      expect(handed).toEqual(expect.arrayContaining(leases));
    });

    fact("hands no room to a node that drains or has no bus", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("dead"));
      const { lease } = await placePeer(registry, "standup");
      await beating(adapter, 3_500, [beatOf("a", { state: "draining" })]);
      for (const beat of [beatOf("a", { state: "draining" }), beatOf("b", { busConnected: false })])
        expect((await registry.heartbeat(beat)).orphans).toEqual([]);
      expect((await registry.heartbeat(beatOf("c"))).orphans).toEqual([lease]);
    });

    fact("hands a room on when its heir has not placed it for more than 3 s", async (adapter) => {
      const { registry, advance } = adapter;
      await registry.heartbeat(beatOf("dead"));
      const { lease } = await placePeer(registry, "standup");
      await beating(adapter, 3_000, [beatOf("heir")]);
      await advance(1);
      expect((await registry.heartbeat(beatOf("heir"))).orphans).toEqual([lease]);
      await beating(adapter, 3_000, [beatOf("heir", { state: "draining" })]);
      expect((await registry.heartbeat(beatOf("next"))).orphans).toEqual([]);
      await advance(1);
      expect((await registry.heartbeat(beatOf("next"))).orphans).toEqual([lease]);
      expect((await registry.heartbeat(beatOf("heir"))).orphans, "its time begins anew").toEqual([]);
    });

    fact("a room that was placed anew is nobody's orphan", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("dead"));
      await placePeer(registry, "standup");
      await beating(adapter, 3_500, [beatOf("a", { state: "draining" })]);
      await registry.heartbeat(beatOf("b", { busConnected: false }));
      const c = beatOf("c");
      await registry.heartbeat({ ...c, state: "draining" });
      await registry.heartbeat({ ...c, busConnected: true });
      const { lease } = await registry.place({ roomId: "standup" });
      expect(lease.nodeId).toBe("c");
      await beating(adapter, 4_000, [c]);
      expect((await registry.heartbeat(beatOf("a"))).orphans).toEqual([]);
    });

    fact("of two heirs only the first claims the room", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("dead"));
      const { lease } = await placePeer(registry, "standup");
      await beating(adapter, 3_500, [beatOf("a"), beatOf("b")]);
      const request = { roomId: "standup", suspect: lease.incarnation };
      const both = await Promise.all([registry.place(request), registry.place(request)]);
      expect(both.map(({ isNew }) => isNew)).toEqual([true, false]);
      expect(both[1].lease).toEqual(both[0].lease);
    });

    fact("a restarted node's former run is dead after 1.2 s, whoever else is silent", async (adapter) => {
      const { registry, advance } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await advance(1_200);
      await registry.heartbeat(beatOf("a", { incarnation: "a-run-2" }));
      expect((await registry.describeRoom("standup"))?.lease).toEqual(lease);
      await advance(1);
      const { orphans } = await registry.heartbeat(beatOf("a", { incarnation: "a-run-2" }));
      expect(orphans).toEqual([lease]);
      const again = await placePeer(registry, "standup");
      expect(again.lease).toMatchObject({ nodeId: "a", incarnation: "a-run-2" });
      expect(again.lease.epoch).toBeGreaterThan(lease.epoch);
    });

    fact(
      "when nobody was heard for more than 1 s, nobody is blamed for his silence before",
      async (adapter) => {
        const { registry, advance } = adapter;
        for (const nodeId of ["a", "b", "c"]) await registry.heartbeat(beatOf(nodeId));
        const { lease } = await placePeer(registry, "standup");
        expect(lease.nodeId).toBe("a");
        await registry.heartbeat(beatOf("a", { leases: serving([lease]) }));
        await advance(60_000);
        const first = await registry.heartbeat(beatOf("b", { suspects: ["a-run-1"] }));
        expect(first.orphans).toEqual([]);
        expect((await placePeer(registry, "standup", { suspect: "a-run-1" })).lease).toEqual(lease);
        await beating(adapter, 3_000, [beatOf("b")]);
        expect((await placePeer(registry, "standup")).lease).toEqual(lease);
        await advance(1);
        expect((await registry.heartbeat(beatOf("b"))).orphans, "from then on silence counts").toEqual([
          lease,
        ]);
      },
    );

    fact("a room that a node does not name when it comes back from its burial is ended", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("a"));
      const closed = (await placePeer(registry, "closed")).lease;
      const kept = (await placePeer(registry, "kept")).lease;
      await registry.heartbeat(beatOf("a", { leases: serving([closed, kept]) }));
      await beating(adapter, 3_500, [beatOf("b", { state: "draining" })]);
      await registry.heartbeat(beatOf("a", { leases: serving([kept], { isComplete: true }) }));
      expect((await registry.listRooms({ limit: 9 })).items.map(({ lease }) => lease)).toEqual([kept]);
      const again = (await placePeer(registry, "closed")).lease;
      expect(again.epoch).toBeGreaterThan(closed.epoch);
    });

    fact("1 s without any heartbeat is no gap", async (adapter) => {
      const { registry, advance } = adapter;
      const beat = beatOf("b", { cores: [{ cpuLoad: 0.5 }] });
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await registry.heartbeat(beatOf("a", { leases: serving([lease]) }));
      await registry.heartbeat(beat);
      await advance(1_000);
      await registry.heartbeat(beat);
      await beating(adapter, 2_000, [beat]);
      await advance(1);
      expect((await registry.describeRoom("standup"))?.lease).toBeNull();
      await registry.heartbeat(beatOf("a", { leases: serving([lease]) }));
      await registry.heartbeat(beat);
      await advance(1_001);
      await registry.heartbeat(beat);
      await beating(adapter, 3_000, [beat]);
      expect((await registry.describeRoom("standup"))?.lease, "but more is").toEqual(lease);
    });

    fact("one heartbeat buries at most four, those silent for longest", async (adapter) => {
      const { registry } = adapter;
      const nodes = ["e", "d", "c", "b", "a"];
      for (const nodeId of nodes) {
        await registry.heartbeat(beatOf(nodeId));
        await registry.place({ roomId: `of-${nodeId}`, options: roomOptions({ nodeId }) });
      }
      await beating(adapter, 3_000, [beatOf("heir", { state: "draining" })]);
      await adapter.advance(1);
      const roomIds = async () =>
        (await registry.heartbeat(beatOf("heir"))).orphans.map(({ roomId }) => roomId);
      expect(await roomIds()).toEqual(["of-a", "of-b", "of-c", "of-d"]);
      expect(await roomIds()).toEqual(["of-e"]);
    });

    fact("a dead node that nobody buried yet is not chosen", async (adapter) => {
      const { registry } = adapter;
      for (let n = 0; n < 12; n += 1) await registry.heartbeat(beatOf(`dead-${n}`));
      await beating(adapter, 3_000, [beatOf("a", { cores: [{ cpuLoad: 0.8 }] })]);
      await adapter.advance(1);
      expect((await placePeer(registry, "standup")).lease.nodeId).toBe("a");
      expect((await nodesOf(registry)).map(({ nodeId }) => nodeId)).toEqual(["a"]);
    });
  });
}
