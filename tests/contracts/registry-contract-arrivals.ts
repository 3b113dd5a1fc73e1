import type { Heartbeat } from "@fairlead/protocol";
import { describe, expect } from "vitest";
import {
  beating,
  beatOf,
  type OpenRegistryAdapter,
  placePeer,
  type RegistryAdapter,
  roomOptions,
} from "./registry-adapter.ts";
import { FOUR, groupOf } from "./registry-contract-groups.ts";
import { factsAbout } from "./with-adapter.ts";

/** They beat until each has said anew what it carries. */
const toldAnew = (adapter: RegistryAdapter, beats: readonly Heartbeat[]) => beating(adapter, 10_000, beats);

export function describeArrivals(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("what comes to groups", () => {
    fact("rooms that were placed anew are arrivals; moves and failovers are none", async (adapter) => {
      const { registry, advance } = adapter;
      await registry.heartbeat(beatOf("a", { cores: FOUR }));
      for (const roomId of ["one", "two", "three"]) await placePeer(registry, roomId);
      const { lease } = await placePeer(registry, "one");
      await registry.place({ roomId: "one", supersedes: lease });
      expect((await groupOf(adapter)).arrivals).toEqual({ lastMinute: 3, trendPerS: 3 / 50 });
      await advance(60_000);
      await registry.heartbeat(beatOf("a"));
      const { lastMinute, trendPerS } = (await groupOf(adapter)).arrivals;
      expect([lastMinute, trendPerS]).toEqual([0, -3 / 240]);
    });

    fact(
      "a refused join counts for the first group, in the order given, that would satisfy it",
      async (adapter) => {
        const { registry } = adapter;
        const full = [{ cpuLoad: 0.95 }];
        await registry.heartbeat(beatOf("a", { cores: full, labels: ["gpu"] }));
        await registry.heartbeat(beatOf("b", { cores: full }));
        await registry.heartbeat(beatOf("c", { cores: full, region: "us" }));
        await registry.heartbeat(beatOf("d", { cores: full, region: "us", group: "spare" }));
        const refuse = (request: Parameters<typeof placePeer>[2]) =>
          expect(placePeer(registry, "room", request)).rejects.toMatchObject({ code: "no_capacity" });
        const counted = async () =>
          Object.fromEntries(
            (await registry.listGroups()).map((each) => [each.group, each.refusedJoins.total]),
          );
        await refuse({});
        expect(await counted()).toEqual({ eu: 1, "eu+gpu": 0, spare: 0, us: 0 });
        await refuse({ labels: ["gpu"], region: "us" });
        await refuse({ region: "us" });
        // The order goes before the region, which is a preference.
        await refuse({ region: "us", groups: ["spare", "us", "eu"] });
        await refuse({ region: "asia", groups: ["nobody", "us", "spare"] });
        expect(await counted()).toEqual({ eu: 1, "eu+gpu": 1, spare: 2, us: 1 });
        // Nobody would satisfy these; and a move is no join.
        await refuse({ labels: ["tape"] });
        await refuse({ options: roomOptions({ nodeId: "a" }) });
        await refuse({ labels: ["gpu"], groups: ["us"] });
        await expect(registry.place({ roomId: "room" })).rejects.toMatchObject({ code: "no_capacity" });
        expect(await counted()).toEqual({ eu: 1, "eu+gpu": 1, spare: 2, us: 1 });
        expect((await groupOf(adapter)).refusedJoins).toEqual({ lastMinute: 1, total: 1 });
        // Of a group whose nodes are gone the next one is scaled.
        await registry.removeNode("c-run-1");
        await refuse({ groups: ["us", "eu"] });
        expect(await counted()).toEqual({ eu: 2, "eu+gpu": 1, spare: 2 });
      },
    );

    fact("a join that is refused while nodes only lack the bus counts for nobody", async (adapter) => {
      const { registry, advance } = adapter;
      const refused = async () => {
        await expect(placePeer(registry, "room")).rejects.toMatchObject({ code: "no_capacity" });
        return (await groupOf(adapter)).refusedJoins.total;
      };
      const full = [{ cpuLoad: 0.95 }];
      await registry.heartbeat(beatOf("a", { busConnected: false }));
      await registry.heartbeat(beatOf("b", { busConnected: false }));
      expect(await refused()).toBe(0);
      await advance(500);
      await registry.heartbeat(beatOf("a", { cores: full }));
      await registry.heartbeat(beatOf("b", { busConnected: false }));
      expect(await refused()).toBe(0);
      await advance(500);
      await registry.heartbeat(beatOf("a", { cores: full }));
      await registry.heartbeat(beatOf("b", { cores: full }));
      expect(await refused()).toBe(1);
    });

    fact("no node goes whose peers the others could not take", async (adapter) => {
      const nodes = (maxPeers: number) =>
        ["a", "b", "c"].map((nodeId) =>
          beatOf(nodeId, {
            cores: FOUR.map(() => ({ cpuLoad: 0.1, peers: 10 })),
            capacity: { maxPeers, networkBps: 1_000_000_000 },
          }),
        );
      // Two of them take 164: a fifth more peers than there are, and twenty rooms.
      await toldAnew(adapter, nodes(82));
      expect((await groupOf(adapter)).belowSinceMs).not.toBeNull();
      await toldAnew(adapter, nodes(81));
      expect((await groupOf(adapter)).belowSinceMs).toBeNull();
    });

    fact(
      "since when a group would do with a node less is known, until a load or a refused join ends it",
      async (adapter) => {
        const { registry, now } = adapter;
        const at = (cpuLoad: number) =>
          ["a", "b", "c"].map((nodeId) => beatOf(nodeId, { cores: FOUR.map(() => ({ cpuLoad })) }));
        await beating(adapter, 500, at(0.5));
        expect((await groupOf(adapter)).belowSinceMs).toBeNull();
        await toldAnew(adapter, at(0.25));
        const sinceMs = (await groupOf(adapter)).belowSinceMs ?? 0;
        expect(now() - sinceMs).toBeLessThan(1_000);
        await beating(adapter, 20_000, at(0.25));
        expect(await groupOf(adapter)).toMatchObject({ belowSinceMs: sinceMs, neededNodes: 3 });
        await beating(adapter, 290_000, at(0.25));
        expect(await groupOf(adapter)).toMatchObject({ belowSinceMs: sinceMs, neededNodes: 2 });
        // With a fifth more load the last of two that are left would be full without the other.
        await toldAnew(adapter, at(0.251));
        expect(await groupOf(adapter)).toMatchObject({ belowSinceMs: null, neededNodes: 3 });
        await toldAnew(adapter, at(0.25));
        expect((await groupOf(adapter)).belowSinceMs).not.toBeNull();
        const pinned = {
          exclude: ["a", "b", "c"].flatMap((id) => FOUR.map((_, core) => ({ ...runOf(id), core }))),
        };
        await expect(placePeer(registry, "room", pinned)).rejects.toMatchObject({ code: "no_capacity" });
        expect((await groupOf(adapter)).belowSinceMs).toBeNull();
      },
    );

    fact("time in which nobody was heard, or that a clock jumped over, is no time below", async (adapter) => {
      const nodes = ["a", "b", "c"].map((nodeId) => beatOf(nodeId, { cores: FOUR }));
      await beating(adapter, 10_000, nodes);
      await adapter.advance(3_600_000);
      await beating(adapter, 1_000, nodes);
      const { belowSinceMs, atMs, neededNodes } = await groupOf(adapter);
      expect(atMs - (belowSinceMs ?? 0)).toBe(500);
      expect(neededNodes).toBe(3);
    });
  });
}

function runOf(nodeId: string) {
  return { nodeId, incarnation: `${nodeId}-run-1` };
}
