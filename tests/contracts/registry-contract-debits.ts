import type { Lease } from "@fairlead/protocol";
import { describe, expect } from "vitest";
import {
  beating,
  beatOf,
  nodesOf,
  type OpenRegistryAdapter,
  openDebit,
  placePeer,
  roomOptions,
  serving,
} from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

export function describeDebits(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("debits", () => {
    fact("a heartbeat settles the debits it names, once, and leaves the others", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const placed = [];
      for (let peer = 0; peer < 10; peer += 1) placed.push(await placePeer(registry, "standup"));
      const ids = placed.map(({ debitId }) => debitId);
      expect(new Set(ids).size).toBe(10);
      expect(await openDebit(registry)).toBe(0.04);
      for (const _again of [1, 2]) {
        await registry.heartbeat(beatOf("a", { settledDebits: [...ids.slice(0, 4), "unknown"] }));
        expect(await openDebit(registry), "a repeated id settles nothing").toBe(0.024);
      }
      await registry.heartbeat(beatOf("a", { settledDebits: ids.slice(4) }));
      expect(await openDebit(registry)).toBe(0);
    });

    fact("a debit counts on the core that its peer sits on, and ends there", async ({ registry }) => {
      const cores = [{}, {}];
      await registry.heartbeat(beatOf("a", { cores }));
      const { lease, debitId } = await placePeer(registry, "standup");
      const { debitId: other } = await placePeer(registry, "standup");
      const debits = async () => (await nodesOf(registry))[0]?.cores.map(({ debit }) => debit);
      expect([lease.core, await debits()]).toEqual([0, [0.012, 0]]);
      const seatedDebits = [
        { debitId, core: 1 },
        { debitId: "unknown", core: 1 },
      ];
      for (const _again of [1, 2]) {
        await registry.heartbeat(beatOf("a", { cores, leases: serving([lease]), seatedDebits }));
        expect(await debits()).toEqual([0.008, 0.004]);
      }
      // A beat that tells both tells the core first.
      const settledDebits = [debitId, other];
      const both = { seatedDebits: [...seatedDebits, { debitId: other, core: 1 }], settledDebits };
      await registry.heartbeat(beatOf("a", { cores, leases: serving([lease]), ...both }));
      expect(await debits()).toEqual([0.004, 0]);
      const { debitId: third } = await placePeer(registry, "standup");
      await registry.heartbeat(
        beatOf("a", { cores, leases: serving([lease]), seatedDebits: [{ debitId: third, core: 1 }] }),
      );
      await registry.release(lease);
      expect(await debits(), "it leaves with its room too").toEqual([0, 0]);
    });

    fact("nobody settles another node's debits", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const { debitId } = await placePeer(registry, "standup");
      for (let peer = 0; peer < 4; peer += 1) await placePeer(registry, "standup");
      await registry.heartbeat(beatOf("b", { settledDebits: [debitId] }));
      expect(await openDebit(registry, "a")).toBe(0.02);
      expect(await openDebit(registry, "b")).toBe(0);
    });

    fact("a peer that the room's core has turned away is not debited there again", async ({ registry }) => {
      await registry.heartbeat(beatOf("a", { cores: [{}, {}] }));
      const { lease } = await placePeer(registry, "standup");
      const before = await openDebit(registry);
      for (let retry = 0; retry < 5; retry += 1) {
        const placed = await placePeer(registry, "standup", { exclude: [{ ...lease }] });
        expect(placed).toMatchObject({ lease, isNew: false, debitId: expect.stringMatching(/./) });
      }
      expect(await openDebit(registry)).toBe(before);
      // Excluded is another core, of the same run and of another.
      const others = [
        { ...lease, core: 1 },
        { ...lease, incarnation: `${lease.incarnation}0` },
      ];
      for (let peer = 0; peer < 4; peer += 1) await placePeer(registry, "standup", { exclude: others });
      expect(await openDebit(registry)).toBe(0.02);
    });

    fact(
      "420 rooms of one silent peer come to two idle cores in 25 s: what they may grow by refuses none",
      async (adapter) => {
        const { registry, now } = adapter;
        const served: Lease[] = [];
        const arrived: { debitId: string; atMs: number }[] = [];
        const beat = () => {
          const early = arrived.findIndex(({ atMs }) => now() - atMs < 10_000);
          const settled = arrived.splice(0, early < 0 ? arrived.length : early);
          const cores = [0, 1].map(() => ({ cpuLoad: served.length / 100_000 }));
          const settledDebits = settled.map(({ debitId }) => debitId);
          return beatOf("a", { cores, settledDebits, leases: serving(served, { named: served.slice(-20) }) });
        };
        await registry.heartbeat(beat());
        for (let room = 0; room < 420; room += 1) {
          const { lease, debitId } = await placePeer(registry, `room-${room}`);
          served.push(lease);
          arrived.push({ debitId, atMs: now() });
          if (room % 10 === 9) {
            await adapter.advance(600);
            await registry.heartbeat(beat());
          }
        }
        const perCore = Map.groupBy(served, ({ core }) => core);
        expect([0, 1].map((core) => perCore.get(core)?.length)).toEqual([210, 210]);
      },
    );

    fact("a debit that nobody settles ends after 30 s", async (adapter) => {
      const { registry, advance } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      for (let peer = 0; peer < 4; peer += 1) await placePeer(registry, "standup");
      const beat = beatOf("a", { leases: serving([lease]) });
      await beating(adapter, 30_000, [beat]);
      expect(await openDebit(registry)).toBe(0.02);
      await advance(1);
      await registry.heartbeat(beat);
      expect(await openDebit(registry)).toBe(0);
    });

    fact(
      "a young room reserves what it is expected to grow by, which falls from half of two minutes on",
      async (adapter) => {
        const { registry } = adapter;
        await registry.heartbeat(beatOf("a"));
        const { lease, debitId } = await placePeer(registry, "standup");
        expect(await openDebit(registry), "0.012 of the room, which contains its first peer's 0.004").toBe(
          0.012,
        );
        const beat = beatOf("a", { leases: serving([lease]) });
        await registry.heartbeat({ ...beat, settledDebits: [debitId] });
        expect(await openDebit(registry), "the peer's part is measured now").toBe(0.008);
        await beating(adapter, 60_000, [beat]);
        expect(await openDebit(registry)).toBe(0.008);
        await beating(adapter, 30_000, [beat]);
        expect(await openDebit(registry)).toBe(0.002);
        await beating(adapter, 30_000, [beat]);
        expect(await openDebit(registry)).toBe(0);
      },
    );

    fact("a room that leaves a core leaves no debit on it", async ({ registry }) => {
      await registry.heartbeat(beatOf("a", { cores: [{}, {}] }));
      const { lease } = await placePeer(registry, "standup");
      await placePeer(registry, "standup");
      const other = (await placePeer(registry, "retro")).lease;
      expect([lease.core, other.core]).toEqual([0, 1]);
      const moved = await registry.place({
        roomId: "standup",
        supersedes: lease,
        exclude: [{ ...lease }],
      });
      expect(moved.lease.core).toBe(1);
      const debits = async () => (await nodesOf(registry))[0]?.cores.map(({ debit }) => debit);
      expect(await debits()).toEqual([0, 0.024]);
      await registry.release(moved.lease);
      expect(await debits()).toEqual([0, 0.012]);
      await registry.release(other);
      expect(await debits()).toEqual([0, 0]);
    });

    fact(
      "a heartbeat that was measured before a placement does not wipe its debit out",
      async ({ registry }) => {
        await registry.heartbeat(beatOf("a"));
        await placePeer(registry, "standup");
        await registry.heartbeat(beatOf("a", { cores: [{ cpuLoad: 0.5 }] }));
        expect((await nodesOf(registry))[0]?.cores).toMatchObject([{ load: 0.512, debit: 0.012 }]);
      },
    );

    fact("the next room of a kind reserves as much as earlier ones cost", async ({ registry }) => {
      const observe = (count: number, kind: "meeting" | "broadcast", load: number) =>
        registry.heartbeat(
          beatOf("a", { observedCosts: Array.from({ length: count }, () => ({ kind, load })) }),
        );
      const reserved = async (roomId: string, kind: "meeting" | "broadcast") => {
        const before = await openDebit(registry);
        await registry.place({ roomId, options: roomOptions({ kind }) });
        return Math.round(((await openDebit(registry)) - before) * 1_000_000);
      };
      await observe(14, "broadcast", 0.001);
      expect(await reserved("one", "broadcast"), "the guess, for 6 of 20 that are missing").toBe(12_000);
      await observe(1, "broadcast", 0.001);
      expect(await reserved("two", "broadcast"), "15 of 20 were seen, and were small").toBe(2_000);
      await observe(5, "broadcast", 0.07);
      expect(await reserved("three", "broadcast")).toBe(2_000);
      await observe(1, "broadcast", 0.08);
      expect(await reserved("four", "broadcast"), "the bound that three of four stay within").toBe(75_000);
      await observe(10, "broadcast", 3);
      expect(await reserved("five", "broadcast"), "not more than a quarter of a core").toBe(250_000);
      expect(await reserved("six", "meeting"), "each kind for itself").toBe(12_000);
    });

    fact("the cost of rooms of long ago is forgotten", async ({ registry }) => {
      const observe = (load: number) =>
        registry.heartbeat(
          beatOf("a", {
            observedCosts: Array.from({ length: 64 }, () => ({ kind: "meeting" as const, load })),
          }),
        );
      for (let beat = 0; beat < 200; beat += 1) await observe(0.2);
      for (let beat = 0; beat < 33; beat += 1) await observe(0.004);
      await registry.place({ roomId: "standup" });
      expect(await openDebit(registry)).toBe(0.0045);
    });

    fact("a room that is placed again reserves what its peers cost before", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await registry.heartbeat(beatOf("a", { leases: serving([{ ...lease, peers: 20 }]) }));
      await beating(adapter, 3_500, [beatOf("b")]);
      await registry.place({ roomId: "standup" });
      expect(await openDebit(registry, "b")).toBe(0.08);
    });
  });
}
