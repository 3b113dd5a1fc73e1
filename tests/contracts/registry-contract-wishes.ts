import { describe, expect } from "vitest";
import { beating, beatOf, type OpenRegistryAdapter, placePeer, roomOptions } from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

/** Wishes of a caller or a room's options (region, labels, one node), and a node's capacity. */
export function describeWishes(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("wishes", () => {
    fact("the room's own region goes before the caller's", async ({ registry }) => {
      await registry.heartbeat(beatOf("near", { region: "eu" }));
      await registry.heartbeat(beatOf("far", { region: "us", cores: [{ cpuLoad: 0.5 }] }));
      const options = roomOptions({ region: "us" });
      expect((await placePeer(registry, "one", { options, region: "eu" })).lease.nodeId).toBe("far");
      expect((await placePeer(registry, "two", { region: "asia" })).lease.nodeId).toBe("near");
    });

    fact("the room's labels and the caller's are all required", async ({ registry }) => {
      await registry.heartbeat(beatOf("gpu", { labels: ["gpu"] }));
      await registry.heartbeat(beatOf("ssd", { labels: ["ssd"] }));
      await registry.heartbeat(beatOf("both", { labels: ["ssd", "gpu"], cores: [{ cpuLoad: 0.8 }] }));
      const options = roomOptions({ labels: ["gpu"] });
      expect((await placePeer(registry, "one", { options })).lease.nodeId).toBe("gpu");
      expect((await placePeer(registry, "two", { options, labels: ["ssd"] })).lease.nodeId).toBe("both");
      expect((await placePeer(registry, "three", { labels: ["ssd", "ssd"] })).lease.nodeId).toBe("ssd");
    });

    fact("a label is required in every region, and the region is only preferred", async ({ registry }) => {
      await registry.heartbeat(beatOf("near", { region: "eu" }));
      await registry.heartbeat(beatOf("far", { region: "us", labels: ["gpu"] }));
      const { lease } = await placePeer(registry, "one", { region: "eu", labels: ["gpu"] });
      expect(lease.nodeId).toBe("far");
    });

    fact("a pinned room runs on its node or not at all", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("a"));
      await registry.heartbeat(beatOf("b", { cores: [{ cpuLoad: 0.7 }, { cpuLoad: 0.6 }] }));
      const options = roomOptions({ nodeId: "b" });
      const pin = (roomId: string) => placePeer(registry, roomId, { options, region: "us" });
      const { lease, decision } = await pin("one");
      expect(lease).toMatchObject({ nodeId: "b", core: 1 });
      expect(decision.candidates).toEqual([{ nodeId: "b", core: 1, load: 0.6 }]);
      await registry.heartbeat(beatOf("b", { cores: [{ cpuLoad: 0.95 }] }));
      await expect(pin("two")).rejects.toMatchObject({ code: "no_capacity", retryAfterMs: 1_000 });
      await registry.heartbeat(beatOf("b", { state: "draining" }));
      await expect(pin("two")).rejects.toMatchObject({ code: "no_capacity", retryAfterMs: 5_000 });
      await beating(adapter, 3_500, [beatOf("a")]);
      await expect(pin("one")).rejects.toMatchObject({ code: "no_capacity", retryAfterMs: 5_000 });
      await registry.heartbeat(beatOf("b", { incarnation: "b-run-2" }));
      expect((await pin("one")).lease).toMatchObject({ nodeId: "b", incarnation: "b-run-2" });
    });

    fact("a node is not given more rooms than it may have peers", async ({ registry }) => {
      const capacity = { maxPeers: 10, networkBps: 1_000_000_000 };
      const small = (peers: number, settledDebits: string[] = []) =>
        registry.heartbeat(beatOf("small", { capacity, settledDebits, cores: [{ peers }, { peers: 3 }] }));
      await small(5);
      await registry.heartbeat(beatOf("big", { cores: [{ cpuLoad: 0.8 }] }));
      const one = await placePeer(registry, "one");
      const two = await placePeer(registry, "two");
      expect([one.lease.nodeId, two.lease.nodeId]).toEqual(["small", "small"]);
      expect((await placePeer(registry, "three")).lease.nodeId, "eight, and two on their way").toBe("big");
      expect((await placePeer(registry, "one")).lease, "a room stays where it is").toEqual(one.lease);
      await small(5, [one.debitId, two.debitId]);
      expect((await placePeer(registry, "four")).lease.nodeId).toBe("small");
      await small(7);
      expect((await placePeer(registry, "five")).lease.nodeId).toBe("big");
      await small(4);
      const six = await placePeer(registry, "six");
      expect([six.lease.nodeId, (await placePeer(registry, "seven")).lease.nodeId]).toEqual(["small", "big"]);
      await registry.release(six.lease);
      expect((await placePeer(registry, "eight")).lease.nodeId, "the release freed its place").toBe("small");
    });

    fact("an excluded core is that of one incarnation", async ({ registry }) => {
      await registry.heartbeat(beatOf("a", { cores: [{}, { cpuLoad: 0.5 }] }));
      const exclude = (incarnation: string) => [{ nodeId: "a", incarnation, core: 0 }];
      expect((await placePeer(registry, "one", { exclude: exclude("a-run-1") })).lease.core).toBe(1);
      expect((await placePeer(registry, "two", { exclude: exclude("a-run-0") })).lease.core).toBe(0);
    });

    fact("where a node's best core is excluded, its next one is compared", async ({ registry }) => {
      await registry.heartbeat(beatOf("a", { cores: [{ cpuLoad: 0.1 }, { cpuLoad: 0.7 }] }));
      await registry.heartbeat(beatOf("b", { cores: [{ cpuLoad: 0.5 }] }));
      const exclude = [{ nodeId: "a", incarnation: "a-run-1", core: 0 }];
      expect((await placePeer(registry, "standup", { exclude })).decision.candidates).toEqual([
        { nodeId: "b", core: 0, load: 0.5 },
        { nodeId: "a", core: 1, load: 0.7 },
      ]);
    });

    fact("says which cores were compared: at most eight, best first", async ({ registry }) => {
      for (let n = 0; n < 12; n += 1)
        await registry.heartbeat(beatOf(`n${n}`, { cores: [{ cpuLoad: 0.6 - n / 100 }, { cpuLoad: 0.7 }] }));
      const { decision } = await placePeer(registry, "standup");
      expect(decision.candidates).toHaveLength(8);
      expect(decision.candidates.slice(0, 2)).toEqual([
        { nodeId: "n11", core: 0, load: 0.49 },
        { nodeId: "n10", core: 0, load: 0.5 },
      ]);
    });
  });
}
