import { describe, expect } from "vitest";
import { beating, beatOf, nodesOf, type OpenRegistryAdapter, placePeer } from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

export function describeNodes(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("nodes", () => {
    fact(
      "a node is listed with all that it said, and its loads, until it is silent for 3 s",
      async (adapter) => {
        const { registry, now, advance } = adapter;
        const cores = [
          { cpuLoad: 0.25, rooms: 1, peers: 4, consumers: 12 },
          { cpuLoad: 0.1, usable: false },
        ];
        const beat = beatOf("a", { cores, networkLoad: 0.2, labels: ["gpu"], version: "1.2.3" });
        await registry.heartbeat({ ...beat, capacity: { maxPeers: 40, networkBps: 5_000_000 } });
        const { nodeId, incarnation, state, busConnected, region, labels, version, networkLoad } = beat;
        expect(await nodesOf(registry)).toEqual([
          {
            nodeId,
            incarnation,
            state,
            busConnected,
            region,
            labels,
            group: "eu+gpu",
            version,
            networkLoad,
            capacity: { maxPeers: 40, networkBps: 5_000_000 },
            lastBeatMs: now(),
            cores: [
              { ...beat.cores[0], load: 0.25, debit: 0 },
              { ...beat.cores[1], load: 0.2, debit: 0 },
            ],
          },
        ]);
        await advance(3_000);
        expect(await nodesOf(registry)).toHaveLength(1);
        await advance(1);
        expect(await nodesOf(registry)).toEqual([]);
      },
    );

    fact("a heartbeat replaces what the last one said", async ({ registry }) => {
      await registry.heartbeat(beatOf("a", { cores: [{}, {}, {}], region: "us", labels: ["gpu"] }));
      await registry.heartbeat(beatOf("b", { region: "us", labels: ["ssd"], cores: [{ cpuLoad: 0.8 }] }));
      await registry.heartbeat(beatOf("a", { cores: [{ cpuLoad: 0.3 }], region: "us", labels: ["ssd"] }));
      const place = async (roomId: string, labels: string[] = []) =>
        (await placePeer(registry, roomId, { labels, region: "us" })).lease.nodeId;
      await expect(place("one", ["gpu"])).rejects.toMatchObject({ code: "no_capacity" });
      expect(await place("two", ["ssd"])).toBe("a");
      await registry.heartbeat(beatOf("a", { cores: [{ cpuLoad: 0.3 }], region: "eu", labels: ["ssd"] }));
      expect([await place("three"), await place("four", ["ssd"])]).toEqual(["b", "b"]);
      const [node] = await nodesOf(registry);
      expect(node).toMatchObject({ region: "eu", labels: ["ssd"], cores: [{ cpuLoad: 0.3 }] });
      expect(node?.cores).toHaveLength(1);
    });

    fact(
      "a node that drains says who asked for it, and is ready without a word of it",
      async ({ registry }) => {
        const drain = { by: "autoscaler", forMs: 1_000, lingering: 2 };
        await registry.heartbeat(beatOf("a", { state: "draining", drain }));
        expect(await nodesOf(registry)).toMatchObject([{ state: "draining", drain }]);
        await registry.heartbeat(beatOf("a"));
        expect((await nodesOf(registry))[0]).not.toHaveProperty("drain");
      },
    );

    fact("lists nodes by node id, then incarnation, page by page", async ({ registry }) => {
      const runs = ["b 2", "B 1", "a-b 1", "a 1", "b 1", "c 9"];
      for (const run of runs) {
        const [nodeId = "", incarnation = ""] = run.split(" ");
        await registry.heartbeat(beatOf(nodeId, { incarnation: `${incarnation}-of-${nodeId}` }));
      }
      const listed: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await registry.listNodes({ limit: 2, cursor });
        expect(page.items.length).toBeLessThanOrEqual(2);
        listed.push(...page.items.map(({ incarnation }) => incarnation));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(listed).toEqual(["1-of-B", "1-of-a", "1-of-a-b", "1-of-b", "2-of-b", "9-of-c"]);
      const runsOf = async (nodeId: string) => (await registry.listNodes({ limit: 9, nodeId })).items;
      expect((await runsOf("b")).map(({ incarnation }) => incarnation)).toEqual(["1-of-b", "2-of-b"]);
      expect(await runsOf("nobody")).toEqual([]);
      const second = await registry.listNodes({ limit: 1, nodeId: "b", cursor: "b 1-of-b" });
      expect([second.items[0]?.incarnation, second.cursor]).toEqual(["2-of-b", undefined]);
    });

    fact("pages skip the dead", async (adapter) => {
      const { registry } = adapter;
      for (const nodeId of ["a", "b", "c", "d", "e", "f", "g", "h"]) await registry.heartbeat(beatOf(nodeId));
      await beating(adapter, 3_500, [beatOf("c"), beatOf("g")]);
      const first = await registry.listNodes({ limit: 1 });
      const second = await registry.listNodes({ limit: 1, cursor: first.cursor });
      expect([first, second].map(({ items }) => items.map(({ nodeId }) => nodeId))).toEqual([["c"], ["g"]]);
      expect([first.cursor, second.cursor]).toEqual(["c c-run-1", undefined]);
    });

    fact(
      "the leases of a node that says goodbye lapse at once, and others inherit them",
      async ({ registry }) => {
        await registry.heartbeat(beatOf("a"));
        const one = (await placePeer(registry, "one")).lease;
        const two = (await placePeer(registry, "two")).lease;
        await registry.heartbeat(beatOf("b", { cores: [{ cpuLoad: 0.5 }] }));
        await registry.removeNode("a-run-1");
        await registry.removeNode("a-run-1");
        expect((await nodesOf(registry)).map(({ nodeId }) => nodeId)).toEqual(["b"]);
        expect((await placePeer(registry, "one")).lease).toMatchObject({ nodeId: "b" });
        const { orphans } = await registry.heartbeat(beatOf("b"));
        expect(orphans, "one of them was placed meanwhile").toEqual([two]);
        expect(one.nodeId).toBe("a");
      },
    );
  });
}
