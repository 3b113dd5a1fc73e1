import type { GroupCapacity, Heartbeat } from "@fairlead/protocol";
import { describe, expect } from "vitest";
import {
  beating,
  beatOf,
  type CreateRegistryAdapter,
  type OpenRegistryAdapter,
  placePeer,
  type RegistryAdapter,
  roomOptions,
  serving,
} from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

const cold = { code: "registry_cold" };
const FOUR = [{}, {}, {}, {}];

async function groupOf({ registry }: RegistryAdapter, group = "eu"): Promise<GroupCapacity> {
  const found = (await registry.listGroups()).find((each) => each.group === group);
  if (!found) throw new Error(`no group ${group}`);
  return found;
}

/** They beat until each has said anew what it carries. */
const toldAnew = (adapter: RegistryAdapter, beats: readonly Heartbeat[]) => beating(adapter, 10_000, beats);

export function describeGroups(openAdapter: OpenRegistryAdapter, createAdapter: CreateRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("groups of nodes", () => {
    fact(
      "are named by their nodes, or by region and sorted labels, and listed by name",
      async ({ registry }) => {
        await registry.heartbeat(beatOf("a", { labels: ["ssd", "gpu", "ssd"] }));
        await registry.heartbeat(beatOf("b", { labels: ["gpu", "ssd"], region: "eu" }));
        await registry.heartbeat(beatOf("c", { group: "spare" }));
        await registry.heartbeat(beatOf("d", { region: "Süd/1", state: "draining" }));
        const groups = await registry.listGroups();
        expect(groups.map(({ group, nodes }) => [group, nodes.ready, nodes.draining])).toEqual([
          ["S-d-1", 0, 1],
          ["eu+gpu+ssd", 2, 0],
          ["spare", 1, 0],
        ]);
      },
    );

    fact(
      "carry what their nodes do, and promised; a room that lingers counts where it is now",
      async (adapter) => {
        const { registry, now } = adapter;
        const cores = [
          { cpuLoad: 0.3, rooms: 2, peers: 5, lingeringLoad: 0.1 },
          { cpuLoad: 0.5, rooms: 1, peers: 2 },
          { cpuLoad: 0.8, usable: false },
        ];
        await registry.heartbeat(beatOf("a", { cores }));
        await registry.heartbeat(
          beatOf("b", { cores: [{ cpuLoad: 0.1, lingeringLoad: 0.1 }], networkLoad: 0.05 }),
        );
        await registry.heartbeat(
          beatOf("c", { state: "draining", cores: [{ cpuLoad: 0.2, rooms: 1, peers: 1 }] }),
        );
        expect(await groupOf(adapter)).toMatchObject({
          atMs: now(),
          nodes: { ready: 2, draining: 1, withRooms: 2, lastCameAtMs: now() },
          cores: 3,
          largestNodeCores: 2,
          demandCores: 0.2 + 0.5 + 0.05 + 0.2,
          roomSlots: 50 + 33 + 66,
          cheapestToEmpty: { nodeId: "b", incarnation: "b-run-1", rooms: 0, peers: 0 },
        });
        const { lease } = await placePeer(registry, "standup");
        expect(lease.nodeId).toBe("b");
        await registry.heartbeat(
          beatOf("b", {
            cores: [{ cpuLoad: 0.1, lingeringLoad: 0.1 }],
            networkLoad: 0.05,
            leases: serving([lease]),
          }),
        );
        // A peer on its way, and what its room may grow by.
        expect((await groupOf(adapter)).demandCores).toBeCloseTo(0.95 + 0.012, 9);
      },
    );

    fact(
      "count how many rooms find room at the learned cost, and no more than a node takes peers",
      async (adapter) => {
        const { registry } = adapter;
        const observedCosts = Array.from({ length: 30 }, () => ({ kind: "broadcast" as const, load: 0.2 }));
        await registry.heartbeat(beatOf("a", { cores: [{ cpuLoad: 0.2 }, { cpuLoad: 0.6 }], observedCosts }));
        // Three of four rooms cost 0.25 at most: twice on the one core, once on the other.
        expect((await groupOf(adapter)).roomSlots).toBe(2 + 1);
        const capacity = { maxPeers: 7, networkBps: 1_000_000 };
        await registry.heartbeat(beatOf("b", { cores: FOUR.map(() => ({ peers: 1 })), capacity }));
        expect((await groupOf(adapter)).roomSlots).toBe(3 + 3);
      },
    );

    fact(
      "know when their newest node came; one that starts anew in another group is of that alone",
      async (adapter) => {
        const { registry, now } = adapter;
        await registry.heartbeat(beatOf("a"));
        await beating(adapter, 2_000, [beatOf("a"), beatOf("b")]);
        expect((await groupOf(adapter)).nodes.lastCameAtMs).toBe(now() - 1_500);
        const restarted = beatOf("b", { group: "new", incarnation: "b-run-2" });
        await beating(adapter, 2_000, [beatOf("a"), restarted]);
        const groups = await registry.listGroups();
        expect(groups.map(({ group, nodes }) => [group, nodes.ready])).toEqual([
          ["eu", 1],
          ["new", 1],
        ]);
      },
    );

    fact("lose a node that dies or says goodbye, and end with the last", async (adapter) => {
      const { registry } = adapter;
      const nodes = ["a", "b", "c"].map((nodeId) => beatOf(nodeId, { cores: [{ cpuLoad: 0.2 }] }));
      const other = beatOf("z", { region: "us" });
      await beating(adapter, 500, [...nodes, other]);
      expect((await groupOf(adapter)).demandCores).toBeCloseTo(0.6, 9);
      await registry.removeNode("b-run-1");
      expect(await groupOf(adapter)).toMatchObject({ nodes: { ready: 2 }, demandCores: 0.4 });
      await beating(adapter, 4_000, [...nodes.slice(0, 1), other]);
      expect(await groupOf(adapter)).toMatchObject({ nodes: { ready: 1 }, demandCores: 0.2, wantedNodes: 2 });
      await beating(adapter, 4_000, [other]);
      expect((await registry.listGroups()).map(({ group }) => group)).toEqual(["us"]);
    });

    fact(
      "are not told while nobody is heard, or nobody is there: never as if there were none",
      async (adapter) => {
        const { registry, advance } = adapter;
        await expect(registry.listGroups()).rejects.toMatchObject(cold);
        await registry.heartbeat(beatOf("a"));
        await advance(1_000);
        expect(await registry.listGroups()).toHaveLength(1);
        await advance(1);
        await expect(registry.listGroups()).rejects.toMatchObject({ ...cold, retryAfterMs: 500 });
        await registry.heartbeat(beatOf("a"));
        expect(await registry.listGroups()).toHaveLength(1);
        await registry.removeNode("a-run-1");
        await expect(registry.listGroups()).rejects.toMatchObject(cold);
      },
    );

    fact(
      "say with the next beat that a node drains, and with each one after what it still carries",
      async (adapter) => {
        const { registry, advance } = adapter;
        const draining = (cpuLoad: number) =>
          registry.heartbeat(beatOf("b", { state: "draining", cores: [{ cpuLoad, rooms: 1 }] }));
        await registry.heartbeat(beatOf("a"));
        await registry.heartbeat(beatOf("b", { cores: [{ cpuLoad: 0.8 }] }));
        for (const cpuLoad of [0.8, 0.4, 0.2]) {
          await advance(500);
          await draining(cpuLoad);
          expect(await groupOf(adapter)).toMatchObject({
            nodes: { ready: 1, draining: 1, withRooms: 1 },
            cores: 1,
            demandCores: cpuLoad,
          });
        }
      },
    );

    fact(
      "do not count a node that is cut off, but one that lost the bus with all others",
      async (adapter) => {
        const node = (nodeId: string, busConnected: boolean) =>
          beatOf(nodeId, { busConnected, cores: [{ cpuLoad: 0.5, rooms: 1 }] });
        await beating(adapter, 20_000, [node("a", false), node("b", false)]);
        expect(await groupOf(adapter)).toMatchObject({ nodes: { ready: 2, withRooms: 2 }, demandCores: 1 });
        await beating(adapter, 16_000, [node("a", true), node("b", false)]);
        expect(await groupOf(adapter)).toMatchObject({
          nodes: { ready: 1, draining: 0, withRooms: 1 },
          cores: 1,
          demandCores: 0.5,
          cheapestToEmpty: { nodeId: "a" },
        });
      },
    );
  });

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

  describe("groups after a flush", () => {
    const freshFact = factsAbout(() => createAdapter({ coldMs: 1_100 }));
    freshFact("are not told until all nodes were heard, and have said what they serve", async (adapter) => {
      const room = { roomId: "standup", core: 0, epoch: 7 };
      const beat = beatOf("a", { leases: serving([room], { named: [] }) });
      await beating(adapter, 2_000, [beat]);
      await adapter.flush();
      await adapter.advance(100);
      await expect(adapter.registry.listGroups()).rejects.toMatchObject({ ...cold, retryAfterMs: 1_100 });
      await adapter.registry.heartbeat(beat);
      await adapter.advance(100);
      await expect(adapter.registry.listGroups()).rejects.toMatchObject({ ...cold, retryAfterMs: 1_000 });
      await beating(adapter, 1_500, [beat]);
      await expect(adapter.registry.listGroups()).rejects.toMatchObject({ ...cold, retryAfterMs: 500 });
      await adapter.registry.heartbeat({ ...beat, leases: serving([room], { isComplete: true }) });
      expect(await groupOf(adapter)).toMatchObject({ nodes: { ready: 1 } });
    });
  });
}

function runOf(nodeId: string) {
  return { nodeId, incarnation: `${nodeId}-run-1` };
}
