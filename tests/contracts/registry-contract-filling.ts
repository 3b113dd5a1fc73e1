import { describe, expect } from "vitest";
import { beatOf, type OpenRegistryAdapter, placePeer, type RegistryAdapter } from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

/** Of two cores each. */
async function loaded(
  { registry }: RegistryAdapter,
  nodes: Record<string, readonly number[]>,
): Promise<void> {
  for (const [nodeId, loads] of Object.entries(nodes))
    await registry.heartbeat(beatOf(nodeId, { cores: loads.map((cpuLoad) => ({ cpuLoad })) }));
}

export function describeFilling(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("placing so that nodes empty", () => {
    const fill = async ({ registry }: RegistryAdapter, roomId: string, more = {}) => {
      const { nodeId, core } = (await placePeer(registry, roomId, { fills: true, ...more })).lease;
      return `${nodeId}${core}`;
    };

    fact("takes the fullest node below half, and its least-loaded core", async (adapter) => {
      await loaded(adapter, { a: [0.1, 0], b: [0.3, 0.45], c: [0.2, 0.85], d: [0.49, 0.4], e: [0.7, 0.6] });
      expect(await fill(adapter, "one")).toBe("d1");
      expect((await placePeer(adapter.registry, "spread")).lease.nodeId).toBe("a");
    });

    fact("counts what is reserved: a node that is promised to half takes no more", async (adapter) => {
      await loaded(adapter, { a: [0, 0], b: [0.49, 0.49] });
      expect([await fill(adapter, "one"), await fill(adapter, "two")]).toEqual(["b0", "b1"]);
      expect(await fill(adapter, "three")).toMatch(/^a/);
    });

    fact(
      "spreads where no node is below half, or where rooms come faster than one a second and node",
      async (adapter) => {
        await loaded(adapter, { a: [0.6, 0.55], b: [0.7, 0.9] });
        expect(await fill(adapter, "one")).toBe("a1");
        await loaded(adapter, { a: [0.1, 0.1], b: [0.3, 0.3] });
        await adapter.advance(1_000);
        await loaded(adapter, { a: [0.1, 0.1], b: [0.3, 0.3] });
        const places = [];
        for (const room of ["two", "three", "four"]) places.push((await fill(adapter, room)).slice(0, 1));
        expect(places).toEqual(["b", "b", "a"]);
        await adapter.advance(1_000);
        expect(await fill(adapter, "five")).toMatch(/^b/);
      },
    );

    fact("never leaves a region that has room, though others have nodes below half", async (adapter) => {
      const { registry } = adapter;
      await loaded(adapter, { a: [0.52, 0.55], b: [0.6, 0.7] });
      await registry.heartbeat(beatOf("c", { region: "us", cores: [{ cpuLoad: 0.2 }, { cpuLoad: 0.3 }] }));
      expect(await fill(adapter, "one", { region: "eu" })).toBe("a0");
      expect(await fill(adapter, "two")).toBe("c0");
      await registry.heartbeat(beatOf("d", { region: "asia", cores: [{ cpuLoad: 0.95 }] }));
      expect((await fill(adapter, "three", { region: "asia" })).slice(0, 1)).toBe("c");
    });

    fact("passes over any number of nodes of which only one core is below half", async (adapter) => {
      const busy = Array.from({ length: 20 }, (_, node) => [`busy-${node}`, [0.49, 0.7, 0.7]] as const);
      await loaded(adapter, { ...Object.fromEntries(busy), half: [0.3, 0.4, 0.4], idle: [0, 0, 0] });
      expect(await fill(adapter, "one")).toBe("half0");
    });

    fact(
      "keeps to the wish: region first, labels, exclusions, and the node that a room is pinned to",
      async (adapter) => {
        const { registry } = adapter;
        const cores = [{ cpuLoad: 0.1 }];
        await registry.heartbeat(beatOf("a", { region: "us", cores, labels: ["gpu"] }));
        await registry.heartbeat(beatOf("b", { cores: [{ cpuLoad: 0.4 }] }));
        await registry.heartbeat(beatOf("c", { cores: [{ cpuLoad: 0.2 }] }));
        expect(await fill(adapter, "one", { region: "us" })).toBe("a0");
        expect(await fill(adapter, "two", { labels: ["gpu"], region: "eu" })).toBe("a0");
        await adapter.advance(1_000);
        const exclude = [{ nodeId: "b", incarnation: "b-run-1", core: 0 }];
        expect(await fill(adapter, "three", { exclude })).toBe("c0");
        const options = {
          maxPeers: 9,
          duplicateIdentity: "replace",
          emptyTimeoutMs: 0,
          kind: "meeting",
          labels: [],
        };
        expect(await fill(adapter, "four", { options: { ...options, nodeId: "c" } })).toBe("c0");
      },
    );

    fact("chooses no node that drains, has lost the bus, or is dead", async (adapter) => {
      const { registry, advance } = adapter;
      const cores = [{ cpuLoad: 0.4 }];
      await registry.heartbeat(beatOf("c", { cores }));
      for (let beat = 0; beat < 2; beat += 1) {
        await advance(650);
        await registry.heartbeat(beatOf("a", { state: "draining", cores }));
      }
      await registry.heartbeat(beatOf("b", { busConnected: false, cores }));
      await registry.heartbeat(beatOf("d"));
      expect(await fill(adapter, "one", { suspect: "c-run-1" })).toBe("d0");
      await advance(1_000);
      expect(await fill(adapter, "two")).toBe("c0");
    });
  });
}
