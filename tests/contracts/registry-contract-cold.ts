import type { Lease } from "@fairlead/protocol";
import { describe, expect } from "vitest";
import {
  beating,
  beatOf,
  type CreateRegistryAdapter,
  placePeer,
  type RegistryAdapter,
  serving,
} from "./registry-adapter.ts";
import { tellLeases } from "./telling-leases.ts";
import { factsAbout } from "./with-adapter.ts";

/** A registry that finds itself empty: the nodes know more than it does. */
export function describeColdStart(createAdapter: CreateRegistryAdapter): void {
  const fact = factsAbout(() => createAdapter({ coldMs: 1_100 }));

  describe("a cold registry", () => {
    fact("places nothing for 1.1 s, and says when to come back", async ({ registry, advance }) => {
      await registry.heartbeat(beatOf("a"));
      await advance(100);
      const refusal = { code: "registry_cold", retryAfterMs: 1_000 };
      await expect(placePeer(registry, "standup")).rejects.toMatchObject(refusal);
      expect(await registry.describeRoom("standup")).toBeNull();
      await advance(999);
      await registry.heartbeat(beatOf("a"));
      await expect(placePeer(registry, "standup")).rejects.toMatchObject({ retryAfterMs: 1 });
      await advance(1);
      expect((await placePeer(registry, "standup")).lease.nodeId).toBe("a");
    });

    fact("its time begins with the first that asks", async ({ registry, advance }) => {
      await expect(placePeer(registry, "standup")).rejects.toMatchObject({
        code: "registry_cold",
        retryAfterMs: 1_100,
      });
      await advance(1_100);
      await expect(placePeer(registry, "standup")).rejects.toMatchObject({ code: "no_capacity" });
    });

    fact("refuses the banned even so", async ({ registry }) => {
      await registry.updateRoom("standup", { ban: { identity: "ada" } });
      await expect(placePeer(registry, "standup")).rejects.toMatchObject({ code: "banned" });
    });

    fact(
      "after a flush, rooms that their nodes name can be joined at once, where they are",
      async (adapter) => {
        await beating(adapter, 2_000, [beatOf("a")]);
        const { lease } = await placePeer(adapter.registry, "standup");
        await adapter.flush();
        await adapter.registry.heartbeat(beatOf("a", { leases: serving([lease]) }));
        expect(await placePeer(adapter.registry, "standup")).toMatchObject({ lease, isNew: false });
        await expect(placePeer(adapter.registry, "retro")).rejects.toMatchObject({ code: "registry_cold" });
      },
    );

    describe("to which a node has more leases to tell than one page holds", () => {
      const names = Array.from({ length: 16 }, (_, room) => `room-${room}`);

      const flushed = async (adapter: RegistryAdapter) => {
        await beating(adapter, 2_000, [beatOf("a", { cores })]);
        const leases: Lease[] = [];
        for (const roomId of names) leases.push((await placePeer(adapter.registry, roomId)).lease);
        await adapter.flush();
        await adapter.registry.heartbeat(beatOf("a", { cores, leases: serving(leases, { named: [] }) }));
        await beating(adapter, 2_000, [beatOf("b", { cores })]);
        return leases;
      };
      const cores = [{}, {}];
      const untold = { code: "registry_cold", retryAfterMs: 500 };

      fact("places no room that it does not know until all are told", async (adapter) => {
        const leases = await flushed(adapter);
        await adapter.registry.updateRoom("room-0", { ban: { identity: "mallory" } });
        for (const roomId of ["room-0", "room-15", "retro"])
          await expect(placePeer(adapter.registry, roomId)).rejects.toMatchObject(untold);
        await tellLeases(adapter.registry, beatOf("a", { cores }), leases);
        expect(await placePeer(adapter.registry, "room-15")).toMatchObject({
          lease: leases[15],
          isNew: false,
        });
        expect(await placePeer(adapter.registry, "retro")).toMatchObject({ isNew: true });
      });

      fact("places one that it was told of, though its node has died since", async (adapter) => {
        const leases = await flushed(adapter);
        const [first] = leases;
        await adapter.registry.heartbeat(
          beatOf("c", { cores, leases: serving(leases, { named: leases.slice(0, 1) }) }),
        );
        await beating(adapter, 3_500, [beatOf("b", { cores })]);
        expect(await placePeer(adapter.registry, first?.roomId ?? "")).toMatchObject({
          isNew: true,
          lease: { nodeId: "b" },
        });
      });

      fact("waits for no node that is gone, and for none longer than a minute", async (adapter) => {
        const leases = await flushed(adapter);
        const dying = beatOf("a", { cores, leases: serving(leases, { named: [] }) });
        const living = beatOf("b", { cores });
        await beating(adapter, 1_500, [dying, living]);
        await expect(placePeer(adapter.registry, "retro")).rejects.toMatchObject(untold);
        await beating(adapter, 3_500, [living]);
        expect(await placePeer(adapter.registry, "retro")).toMatchObject({ isNew: true });
        // It comes back, and names nothing ever.
        await beating(adapter, 40_000, [dying, living]);
        await expect(placePeer(adapter.registry, "standup")).rejects.toMatchObject(untold);
        await beating(adapter, 20_000, [dying, living]);
        expect(await placePeer(adapter.registry, "standup")).toMatchObject({ isNew: true });
        expect((await adapter.registry.heartbeat(dying)).leasesDiffer).toBe(true);
        // Nodes that differ later, for whatever reason, hold nothing up.
        await adapter.registry.heartbeat(beatOf("d", { cores, leases: serving(leases, { named: [] }) }));
        expect(await placePeer(adapter.registry, "review")).toMatchObject({ isNew: true });
      });
    });
  });
}
