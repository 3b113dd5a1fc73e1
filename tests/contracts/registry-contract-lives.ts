import type { LiveBeat } from "@fairlead/protocol";
import { describe, expect } from "vitest";
import { beating, beatOf, nodesOf, type OpenRegistryAdapter } from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

/** Of a process that takes RTMP in, and has one publisher. */
export function liveBeatOf(nodeId: string, given: Partial<LiveBeat> = {}): LiveBeat {
  return {
    ...{ nodeId, incarnation: `${nodeId}-run-1`, state: "ready", busConnected: true },
    ...{ region: "eu", version: "0.1.0", cpuLoad: 0.25, publishers: 1, transcodes: 0 },
    limits: { publishers: 100, transcodes: 1 },
    ...given,
  };
}

export function describeLives(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);

  describe("processes that take RTMP in", () => {
    fact("are listed with all that they said last, until they are silent for 3 s", async (adapter) => {
      const { registry, now, advance } = adapter;
      await registry.beatLive(liveBeatOf("live-1"));
      const last = liveBeatOf("live-1", { publishers: 2, state: "draining", busConnected: false });
      await registry.beatLive(last);
      expect(await registry.listLives({ limit: 9 })).toEqual({ items: [{ ...last, lastBeatMs: now() }] });
      await advance(3_000);
      expect((await registry.listLives({ limit: 9 })).items).toHaveLength(1);
      await advance(1);
      expect(await registry.listLives({ limit: 9 })).toEqual({ items: [] });
    });

    fact("are listed by name, then incarnation, page by page, or of one name", async ({ registry }) => {
      const names = ["b", "a", "c", "a"];
      for (const [run, nodeId] of names.entries())
        await registry.beatLive(liveBeatOf(nodeId, { incarnation: `run-${run}` }));
      const runs: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await registry.listLives({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        expect(page.items).toHaveLength(2);
        runs.push(...page.items.map(({ nodeId, incarnation }) => `${nodeId} ${incarnation}`));
        cursor = page.cursor;
      } while (cursor !== undefined);
      expect(runs).toEqual(["a run-1", "a run-3", "b run-0", "c run-2"]);
      expect((await registry.listLives({ limit: 9, nodeId: "a" })).items).toHaveLength(2);
      expect((await registry.listLives({ limit: 9, nodeId: "none" })).items).toEqual([]);
    });

    fact("are gone when they have said goodbye, each for itself", async ({ registry }) => {
      for (const nodeId of ["live-1", "live-2"]) await registry.beatLive(liveBeatOf(nodeId));
      await registry.removeLive({ nodeId: "live-1", incarnation: "live-1-run-1" });
      await registry.removeLive({ nodeId: "live-2", incarnation: "another" });
      const { items } = await registry.listLives({ limit: 9 });
      expect(items.map(({ nodeId }) => nodeId)).toEqual(["live-2"]);
    });

    fact("take no rooms, and inherit none", async (adapter) => {
      const { registry, advance } = adapter;
      await registry.heartbeat(beatOf("a"));
      await registry.beatLive(liveBeatOf("live-1"));
      expect(await nodesOf(registry)).toHaveLength(1);
      const { lease } = await registry.place({ roomId: "standup" });
      expect(lease.nodeId).toBe("a");
      await advance(4_000);
      await registry.beatLive(liveBeatOf("live-1"));
      await expect(registry.place({ roomId: "another" })).rejects.toMatchObject({ code: "registry_cold" });
      // Nodes inherit from nodes.
      await beating(adapter, 4_000, [beatOf("b")]);
      expect((await registry.place({ roomId: "standup" })).lease.nodeId).toBe("b");
      expect((await registry.listLives({ limit: 9 })).items).toEqual([]);
    });
  });
}
