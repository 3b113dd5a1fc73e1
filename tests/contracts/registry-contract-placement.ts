import type { CoreAddress } from "@fairlead/protocol";
import { describe, expect } from "vitest";
import { beatOf, type OpenRegistryAdapter, openDebit, placePeer, roomOptions } from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

export function describePlacement(createAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(createAdapter);

  describe("place", () => {
    fact("gives a new room to the least-loaded core of the least-loaded node", async ({ registry, now }) => {
      await registry.heartbeat(
        beatOf("a", { cores: [{ cpuLoad: 0.1 }, { cpuLoad: 0.6 }], networkLoad: 0.5 }),
      );
      await registry.heartbeat(beatOf("b", { cores: [{ cpuLoad: 0.8 }, { cpuLoad: 0.3 }] }));
      const { lease, isNew, decision } = await placePeer(registry, "standup");
      expect(lease).toMatchObject({ roomId: "standup", nodeId: "b", incarnation: "b-run-1", core: 1 });
      expect(isNew).toBe(true);
      expect(decision).toEqual({
        reason: "least_loaded",
        atMs: now(),
        candidates: [
          { nodeId: "b", core: 1, load: 0.3 },
          { nodeId: "a", core: 0, load: 0.5 },
        ],
      });
    });

    fact("answers with the live lease when there is one, and debits the peer", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      await registry.heartbeat(beatOf("b"));
      const first = await placePeer(registry, "standup");
      for (let peer = 0; peer < 5; peer += 1) await placePeer(registry, "standup");
      const before = await openDebit(registry);
      const again = await placePeer(registry, "standup");
      expect(again).toMatchObject({ lease: first.lease, isNew: false, decision: { reason: "live_lease" } });
      expect(again.debitId).not.toBe(first.debitId);
      expect((await openDebit(registry)) - before).toBeCloseTo(0.004, 9);
    });

    fact("gives two who ask at once the same lease", async ({ registry }) => {
      for (const nodeId of ["a", "b", "c"]) await registry.heartbeat(beatOf(nodeId));
      const answers = await Promise.all(Array.from({ length: 20 }, () => placePeer(registry, "standup")));
      expect(new Set(answers.map(({ lease }) => JSON.stringify(lease))).size).toBe(1);
      expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
    });

    fact(
      "spreads a burst between two heartbeats over the cores, because each place debits",
      async ({ registry }) => {
        for (const nodeId of ["a", "b"]) await registry.heartbeat(beatOf(nodeId, { cores: [{}, {}] }));
        const placed = await Promise.all(
          Array.from({ length: 12 }, (_, n) => placePeer(registry, `room-${n}`)),
        );
        const perCore = Map.groupBy(placed, ({ lease }) => `${lease.nodeId}.${lease.core}`);
        expect([...perCore.values()].map((rooms) => rooms.length)).toEqual([3, 3, 3, 3]);
      },
    );

    fact("prefers the region, and leaves it only when nobody there has room", async ({ registry }) => {
      await registry.heartbeat(beatOf("far", { region: "us" }));
      await registry.heartbeat(beatOf("near", { cores: [{ cpuLoad: 0.7 }] }));
      expect((await placePeer(registry, "one", { region: "eu" })).lease.nodeId).toBe("near");
      await registry.heartbeat(beatOf("near", { cores: [{ cpuLoad: 0.95 }] }));
      expect((await placePeer(registry, "two", { region: "eu" })).lease.nodeId).toBe("far");
    });

    fact("requires every label", async ({ registry }) => {
      await registry.heartbeat(beatOf("plain", { labels: ["gpu"] }));
      await registry.heartbeat(beatOf("both", { labels: ["gpu", "tier-1"], cores: [{ cpuLoad: 0.5 }] }));
      expect((await placePeer(registry, "one", { labels: ["gpu", "tier-1"] })).lease.nodeId).toBe("both");
      await expect(placePeer(registry, "two", { labels: ["arm"] })).rejects.toMatchObject({
        code: "no_capacity",
      });
    });

    fact(
      "refuses with no_capacity and a time to retry when no core may take the room",
      async ({ registry }) => {
        const refuses = (retryAfterMs: number, exclude: CoreAddress[] = []) =>
          expect(placePeer(registry, "standup", { exclude })).rejects.toMatchObject({
            code: "no_capacity",
            retryAfterMs,
          });
        await refuses(5_000);
        await registry.heartbeat(beatOf("draining", { state: "draining" }));
        await registry.heartbeat(beatOf("broken", { cores: [{ usable: false }] }));
        await registry.heartbeat(beatOf("cut-off", { busConnected: false }));
        await refuses(5_000);
        await registry.heartbeat(beatOf("full", { cores: [{ cpuLoad: 0.9 }] }));
        await registry.heartbeat(beatOf("choked", { networkLoad: 0.95 }));
        await refuses(1_000);
        const excluded = await registry
          .heartbeat(beatOf("excluded"))
          .then(() => [{ nodeId: "excluded", incarnation: "excluded-run-1", core: 0 }]);
        await refuses(1_000, excluded);
        expect(await registry.describeRoom("standup")).toBeNull();
        expect((await placePeer(registry, "standup")).lease.nodeId).toBe("excluded");
      },
    );

    fact("refuses the banned by identity, and by ticket whatever the name", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      await registry.updateRoom("standup", { ban: { identity: "eve", ticketId: "ticket-of-eve" } });
      const enter = (identity: string, ticketId: string) =>
        placePeer(registry, "standup", { peer: { identity, ticketId } });
      await expect(enter("eve", "another")).rejects.toMatchObject({ code: "banned" });
      await expect(enter("mallory", "ticket-of-eve")).rejects.toMatchObject({ code: "banned" });
      expect((await enter("ada", "ticket-of-ada")).lease.nodeId).toBe("a");
      expect((await registry.place({ roomId: "standup" })).lease.nodeId).toBe("a");
    });

    fact("finds a banned name among many, however it is written, and only that", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const names = [
        'say "hi"',
        "a[",
        "]b",
        "slash/\\u00e9",
        "comma,",
        "\u{1f600}",
        ...Array.from({ length: 12 }, (_, n) => `n${n}`),
      ];
      for (const name of names)
        await registry.updateRoom("standup", { ban: { identity: name, ticketId: `of ${name}` } });
      const enter = (identity: string, ticketId: string) =>
        placePeer(registry, "standup", { peer: { identity, ticketId } }).then(
          () => "in",
          (error) => error.code,
        );
      for (const name of names) {
        expect(await enter(name, "another"), name).toBe("banned");
        expect(await enter("another", `of ${name}`), name).toBe("banned");
      }
      for (const name of ["n", "n9,", '],["', ",", '"', "hi", "[", "of a"])
        expect(await enter(name, name), name).toBe("in");
    });

    fact("hands out the room's options and mutes", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const options = roomOptions({ maxPeers: 2, kind: "broadcast", region: "eu", labels: [] });
      await placePeer(registry, "standup", { options });
      await registry.updateRoom("standup", { mute: { identity: "bob", source: "camera", muted: true } });
      const { room } = await placePeer(registry, "standup", { options: { ...options, maxPeers: 9 } });
      expect(room).toEqual({ options, mutes: [{ identity: "bob", source: "camera" }] });
    });
  });
}
