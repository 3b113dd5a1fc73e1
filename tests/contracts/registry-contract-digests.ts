import { describe, expect } from "vitest";
import { beating, beatOf, type OpenRegistryAdapter, placePeer, serving } from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

/** A beat names what is new; two numbers say whether node and registry mean the same rooms. */
export function describeDigests(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("digests of leases", () => {
    fact("agree without naming what was named before", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const one = (await placePeer(registry, "one")).lease;
      const two = (await placePeer(registry, "two")).lease;
      const needsAll = async (leases: ReturnType<typeof serving>) =>
        (await registry.heartbeat(beatOf("a", { leases }))).leasesDiffer;
      expect(await needsAll(serving([])), "what is claimed and not named yet counts nowhere").toBe(false);
      expect(await needsAll(serving([one]))).toBe(false);
      expect(await needsAll(serving([one, two], { named: [two] }))).toBe(false);
      expect(await needsAll(serving([one, two], { named: [] }))).toBe(false);
      await registry.release(one);
      expect(await needsAll(serving([two], { named: [] }))).toBe(false);
    });

    fact("differ by number or by epoch: then the next beat is to name all", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await registry.heartbeat(beatOf("a", { leases: serving([lease]) }));
      const other = { ...lease, epoch: lease.epoch + 1 };
      for (const leases of [serving([]), serving([other], { named: [] })])
        expect((await registry.heartbeat(beatOf("a", { leases }))).leasesDiffer).toBe(true);
    });

    fact("a complete list ends what it leaves out, but for what was claimed lately", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const [closed, kept] = [
        (await placePeer(registry, "closed")).lease,
        (await placePeer(registry, "kept")).lease,
      ];
      await registry.heartbeat(beatOf("a", { leases: serving([closed, kept]) }));
      const fresh = (await placePeer(registry, "fresh")).lease;
      const { leasesDiffer } = await registry.heartbeat(
        beatOf("a", { leases: serving([kept], { isComplete: true }) }),
      );
      expect(leasesDiffer).toBe(false);
      const listed = (await registry.listRooms({ limit: 10 })).items;
      expect(listed.map(({ lease }) => lease)).toEqual([fresh, kept]);
    });

    fact(
      "a registry that lost everything is told of all rooms, and they are where they were",
      async (adapter) => {
        await adapter.registry.heartbeat(beatOf("a", { cores: [{}, {}] }));
        const one = (await placePeer(adapter.registry, "one")).lease;
        const two = (await placePeer(adapter.registry, "two")).lease;
        await adapter.registry.heartbeat(beatOf("a", { leases: serving([one, two]) }));
        await adapter.flush();
        const { registry, now } = adapter;
        const beat = beatOf("a", { cores: [{}, {}], leases: serving([one, two], { named: [] }) });
        expect(await registry.heartbeat(beat)).toMatchObject({ leasesDiffer: true, lost: [] });
        const all = serving([one, two], { isComplete: true });
        expect(await registry.heartbeat({ ...beat, leases: all })).toMatchObject({
          leasesDiffer: false,
          lost: [],
        });
        expect(await placePeer(registry, "two")).toMatchObject({ lease: two, isNew: false });
        expect((await registry.describeRoom("one"))?.decision).toEqual({
          reason: "claimed_by_node",
          atMs: now(),
          candidates: [],
        });
      },
    );

    fact("a node that comes back from a stall keeps what nobody took", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("a"));
      const one = (await placePeer(registry, "one")).lease;
      const two = (await placePeer(registry, "two")).lease;
      await registry.heartbeat(beatOf("a", { leases: serving([one, two]) }));
      const b = beatOf("b", { state: "draining" });
      await beating(adapter, 4_000, [b]);
      expect((await registry.describeRoom("one"))?.lease).toBeNull();
      const back = await registry.heartbeat(beatOf("a", { leases: serving([one, two], { named: [one] }) }));
      expect(back).toMatchObject({ lost: [], leasesDiffer: true });
      const all = await registry.heartbeat(
        beatOf("a", { leases: serving([one, two], { isComplete: true }) }),
      );
      expect(all).toMatchObject({ lost: [], leasesDiffer: false, orphans: [] });
      expect((await placePeer(registry, "one")).lease).toEqual(one);
      expect((await registry.heartbeat(beatOf("b"))).orphans).toEqual([]);
    });
  });
}
