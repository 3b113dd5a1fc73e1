import { describe, expect } from "vitest";
import { beating, beatOf, type OpenRegistryAdapter, placePeer, serving } from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

const COLD = { code: "registry_cold", retryAfterMs: 500 };
const NO_CAPACITY = { code: "no_capacity", retryAfterMs: 5_000 };

/** Nobody was heard for more than 1 s: the registry stood still, or all nodes are dead. */
export function describeSilence(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("a silence of all nodes", () => {
    for (const silentMs of [2_000, 5_000, 60_000])
      fact(`after ${silentMs} ms rooms are where they were, once a node is heard`, async (adapter) => {
        const { registry, advance } = adapter;
        await registry.heartbeat(beatOf("b"));
        await registry.heartbeat(beatOf("a"));
        const { lease } = await placePeer(registry, "standup");
        await registry.heartbeat(beatOf("a", { leases: serving([lease]) }));
        await advance(silentMs);
        const { incarnation } = lease;
        await expect(placePeer(registry, "standup", { suspect: incarnation })).rejects.toMatchObject(COLD);
        await expect(placePeer(registry, "retro")).rejects.toMatchObject(COLD);
        expect(await registry.describeRoom("retro")).toBeNull();
        await registry.heartbeat(beatOf("b"));
        const again = await placePeer(registry, "standup", { suspect: incarnation });
        expect(again).toMatchObject({ lease, isNew: false });
        expect((await placePeer(registry, "retro")).isNew).toBe(true);
      });

    fact("1 s is no silence", async ({ registry, advance }) => {
      await registry.heartbeat(beatOf("a"));
      await advance(1_000);
      expect((await placePeer(registry, "standup")).isNew).toBe(true);
      await advance(1);
      await expect(placePeer(registry, "retro")).rejects.toMatchObject(COLD);
    });

    fact("a lease in force needs no other node's word", async ({ registry, advance }) => {
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "standup");
      await advance(2_000);
      expect(await placePeer(registry, "standup")).toMatchObject({ lease, isNew: false });
    });

    fact(
      "3 s after somebody asked, and nobody was heard, there is no capacity for new rooms",
      async ({ registry, advance }) => {
        await registry.heartbeat(beatOf("a"));
        await advance(60_000);
        await expect(placePeer(registry, "retro")).rejects.toMatchObject(COLD);
        await advance(2_999);
        await expect(placePeer(registry, "retro")).rejects.toMatchObject(COLD);
        await advance(1);
        await expect(placePeer(registry, "retro")).rejects.toMatchObject(NO_CAPACITY);
        await advance(3_600_000);
        await expect(placePeer(registry, "retro")).rejects.toMatchObject(NO_CAPACITY);
      },
    );

    fact("each silence has its own 3 s", async (adapter) => {
      const { registry, advance } = adapter;
      await registry.heartbeat(beatOf("a"));
      await advance(2_000);
      await expect(placePeer(registry, "retro")).rejects.toMatchObject(COLD);
      await beating(adapter, 1_000, [beatOf("a")]);
      await advance(5_000);
      await expect(placePeer(registry, "retro")).rejects.toMatchObject(COLD);
    });

    fact(
      "a room that had a lease may be running: that is for the bus to say, however long",
      async (adapter) => {
        const { registry, advance } = adapter;
        await registry.heartbeat(beatOf("a"));
        const { lease } = await placePeer(registry, "standup");
        await registry.heartbeat(beatOf("a", { leases: serving([lease]) }));
        await advance(5_000);
        await expect(placePeer(registry, "standup")).rejects.toMatchObject(COLD);
        await advance(60_000);
        await expect(placePeer(registry, "standup")).rejects.toMatchObject(COLD);
        await registry.release(lease);
        await expect(placePeer(registry, "standup")).rejects.toMatchObject(NO_CAPACITY);
      },
    );

    fact("refuses the banned even so", async ({ registry, advance }) => {
      await registry.heartbeat(beatOf("a"));
      await registry.updateRoom("standup", { ban: { identity: "ada" } });
      await advance(5_000);
      await expect(placePeer(registry, "standup")).rejects.toMatchObject({ code: "banned" });
    });
  });
}
