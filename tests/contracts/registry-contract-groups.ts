import type { GroupCapacity } from "@fairlead/protocol";
import { describe, expect } from "vitest";
import {
  beating,
  beatOf,
  type CreateRegistryAdapter,
  type OpenRegistryAdapter,
  placePeer,
  type RegistryAdapter,
  serving,
} from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

const cold = { code: "registry_cold" };
export const FOUR = [{}, {}, {}, {}];

export async function groupOf({ registry }: RegistryAdapter, group = "eu"): Promise<GroupCapacity> {
  const found = (await registry.listGroups()).find((each) => each.group === group);
  if (!found) throw new Error(`no group ${group}`);
  return found;
}

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
