import { describe, expect } from "vitest";
import { beating, beatOf, type CreateRegistryAdapter, placePeer, serving } from "./registry-adapter.ts";
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
  });
}
