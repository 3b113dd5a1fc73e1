import {
  type BroadcastRecord,
  BroadcastSettings,
  type BroadcastState,
  type RoomRecord,
} from "@fairlead/protocol";
import type { BroadcastWrite, Registry } from "@fairlead/registry";
import { describe, expect } from "vitest";
import {
  beating,
  beatOf,
  type OpenRegistryAdapter,
  placePeer,
  type RegistryAdapter,
  roomOptions,
  serving,
} from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

const DAY = 24 * 3_600_000;
const OPTIONS = roomOptions({ kind: "broadcast" });

export function broadcastRecord(changes: Partial<BroadcastRecord> = {}): BroadcastRecord {
  return {
    ...BroadcastSettings.parse({ title: 'Für Elise; “live” {"a": 1}' }),
    revision: 1,
    keyHashes: ["ab".repeat(32)],
    state: "created",
    run: 0,
    createdAtMs: 1_000,
    startedAtMs: null,
    interruptedAtMs: null,
    endedAtMs: null,
    peakViewers: 0,
    ...changes,
  };
}

const write = (registry: Registry, roomId: string, broadcast: BroadcastWrite) =>
  registry.updateRoom(roomId, { broadcast });

const create = (registry: Registry, roomId: string, changes: Partial<BroadcastRecord> = {}) =>
  registry.updateRoom(roomId, {
    options: OPTIONS,
    broadcast: { write: broadcastRecord(changes), ifRevision: null },
  });

async function ids(registry: Registry, state?: BroadcastState, limit = 100): Promise<string[]> {
  const found: RoomRecord[] = [];
  let cursor: string | undefined;
  do {
    const page = await registry.listBroadcasts({
      limit,
      ...(state ? { state } : {}),
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return found.map(({ roomId }) => roomId);
}

export function describeBroadcasts(openAdapter: OpenRegistryAdapter): void {
  const fact = factsAbout(openAdapter);
  const refusal = (code: string) => ({ code });

  describe("broadcasts", () => {
    fact(
      "are written only as the writer read them, and a refused write leaves nothing",
      async ({ registry }) => {
        const first = broadcastRecord();
        const second = broadcastRecord({ revision: 2, state: "live", peakViewers: 3, startsAtMs: 5_000 });
        await expect(write(registry, "show", { write: first, ifRevision: 1 })).rejects.toMatchObject(
          refusal("broadcast_not_found"),
        );
        expect(await registry.describeRoom("show")).toBeNull();
        expect(await create(registry, "show")).toMatchObject({ broadcast: first, options: OPTIONS });
        await expect(create(registry, "show", { title: "another" })).rejects.toMatchObject(
          refusal("broadcast_exists"),
        );
        expect((await write(registry, "show", { write: second, ifRevision: 1 })).broadcast).toEqual(second);
        await expect(write(registry, "show", { write: first, ifRevision: 1 })).rejects.toMatchObject(
          refusal("broadcast_conflict"),
        );
        expect(await registry.describeRoom("show")).toMatchObject({ broadcast: second, aliveAtMs: null });
      },
    );

    fact("are written by their home as long as no higher epoch is known", async (adapter) => {
      const { registry } = adapter;
      await create(registry, "show");
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "show");
      const byHome = (revision: number, epoch: number) =>
        write(registry, "show", {
          write: broadcastRecord({ revision: revision + 1 }),
          ifRevision: revision,
          epoch,
        });
      await expect(byHome(1, lease.epoch - 1)).rejects.toMatchObject(refusal("lease_lost"));
      await byHome(1, lease.epoch);
      await beating(adapter, 3_500, [beatOf("b")]);
      await byHome(2, lease.epoch);
      const heir = (await placePeer(registry, "show")).lease;
      expect(heir.nodeId).toBe("b");
      // Overtaken, and behind: it must not read the record anew and try again.
      await expect(byHome(2, lease.epoch)).rejects.toMatchObject(refusal("lease_lost"));
      await registry.release(heir);
      await expect(byHome(3, lease.epoch)).rejects.toMatchObject(refusal("lease_lost"));
      await byHome(3, heir.epoch);
    });

    fact("are not made of a room that somebody may be in", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "meeting");
      await expect(create(registry, "meeting")).rejects.toMatchObject(refusal("broadcast_exists"));
      await registry.updateRoom("meeting", { ban: { identity: "eve" } });
      await registry.release(lease);
      expect(await create(registry, "meeting")).toMatchObject({
        bannedIdentities: ["eve"],
        options: OPTIONS,
        broadcast: { state: "created" },
      });
    });

    fact("are listed in order, page by page, by the state that was last written", async ({ registry }) => {
      for (const roomId of ["delta", "Alpha", "charlie", "bravo", "b-2"]) await create(registry, roomId);
      await registry.updateRoom("another", { options: roomOptions({ maxPeers: 3 }) });
      expect(await ids(registry, undefined, 2)).toEqual(["Alpha", "b-2", "bravo", "charlie", "delta"]);
      for (const roomId of ["charlie", "Alpha"])
        await write(registry, roomId, {
          write: broadcastRecord({ revision: 2, state: "live" }),
          ifRevision: 1,
        });
      expect(await ids(registry, "live", 1)).toEqual(["Alpha", "charlie"]);
      expect(await ids(registry, "created", 2)).toEqual(["b-2", "bravo", "delta"]);
      expect(await ids(registry, "ended")).toEqual([]);
      await write(registry, "Alpha", { write: null, ifRevision: 2 });
      expect(await ids(registry, "live")).toEqual(["charlie"]);
      expect(await ids(registry)).toEqual(["b-2", "bravo", "charlie", "delta"]);
    });

    fact("leave nothing when they are removed but what was said about their room", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      for (const roomId of ["plain", "guarded", "served"]) await create(registry, roomId);
      await registry.updateRoom("guarded", { ban: { identity: "eve" } });
      const { lease } = await placePeer(registry, "served");
      await expect(write(registry, "plain", { write: null, ifRevision: 2 })).rejects.toMatchObject(
        refusal("broadcast_conflict"),
      );
      for (const roomId of ["plain", "guarded", "served"])
        await write(registry, roomId, { write: null, ifRevision: 1 });
      expect(await registry.describeRoom("plain")).toBeNull();
      const guarded = await registry.describeRoom("guarded");
      expect(guarded).toMatchObject({ bannedIdentities: ["eve"], options: roomOptions() });
      expect(guarded).not.toHaveProperty("broadcast");
      expect((await registry.describeRoom("served"))?.lease).toEqual(lease);
      await registry.release(lease);
      expect(await registry.describeRoom("served")).toBeNull();
    });

    fact("say when their home was last heard, also when it is buried", async (adapter) => {
      const { registry, now } = adapter;
      await create(registry, "show");
      await create(registry, "closed");
      await registry.heartbeat(beatOf("a"));
      const { lease } = await placePeer(registry, "show");
      const closed = (await placePeer(registry, "closed")).lease;
      await registry.heartbeat(beatOf("a", { leases: serving([lease, closed]) }));
      const heardAtMs = now();
      const aliveAtMs = async (roomId: string) => (await registry.describeRoom(roomId))?.aliveAtMs;
      await adapter.advance(100);
      expect(await aliveAtMs("show")).toBe(heardAtMs);
      await registry.release(closed);
      expect(await aliveAtMs("closed")).toBe(now());
      await beating(adapter, 6_000, [beatOf("b", { state: "draining" })]);
      expect(await registry.describeRoom("show")).toMatchObject({ lease: null, aliveAtMs: heardAtMs });
      await registry.heartbeat(beatOf("c", { state: "draining" }));
      await adapter.advance(2 * 3_600_000);
      expect(await aliveAtMs("show")).toBeNull();
    });

    fact(
      "are kept for 30 days after their last lease or word, and after their start and end",
      async ({ registry, now, advance }) => {
        await registry.heartbeat(beatOf("a"));
        await create(registry, "old");
        await create(registry, "starts", { startsAtMs: now() + 40 * DAY });
        await create(registry, "ends", { startsAtMs: now(), endsAtMs: now() + 50 * DAY });
        const { lease } = await placePeer(registry, "ends");
        await registry.release(lease);
        const after = async (days: number) => {
          await advance(days * DAY);
          await registry.updateRoom("another", { ban: { identity: "eve" } });
          return ids(registry);
        };
        expect(await after(30)).toEqual(["ends", "old", "starts"]);
        expect(await after(1)).toEqual(["ends", "starts"]);
        expect(await after(38)).toEqual(["ends", "starts"]);
        expect(await after(2)).toEqual(["ends"]);
        expect(await registry.describeRoom("starts")).toBeNull();
        expect(await after(10)).toEqual([]);
      },
    );

    describe("whose record was lost", () => {
      const known = {
        options: OPTIONS,
        bans: [],
        mutes: [],
        broadcast: broadcastRecord({
          revision: 7,
          state: "live",
          keyHashes: ["cd".repeat(32), "ab".repeat(32)],
        }),
      };
      const lose = async (adapter: RegistryAdapter) => {
        await create(adapter.registry, "show");
        await beating(adapter, 1_200, [beatOf("a")]);
        const { lease } = await placePeer(adapter.registry, "show");
        await adapter.flush();
        const reply = await adapter.registry.heartbeat(beatOf("a", { leases: serving([lease]) }));
        expect(reply.recordsLost).toEqual(["show"]);
        return lease;
      };

      fact("come back with their keys, and are listed", async (adapter) => {
        await lose(adapter);
        const { registry } = adapter;
        expect(await registry.updateRoom("show", { restore: known })).toMatchObject({
          options: OPTIONS,
          broadcast: known.broadcast,
          isPartial: false,
        });
        expect(await ids(registry, "live")).toEqual(["show"]);
        const later = { ...known, broadcast: broadcastRecord({ revision: 9 }) };
        expect((await registry.updateRoom("show", { restore: later })).broadcast?.revision).toBe(7);
      });

      fact(
        "are still there to their home, which writes again once it has told what it knows",
        async (adapter) => {
          const { epoch } = await lose(adapter);
          const { registry } = adapter;
          const byHome = (roomId: string) =>
            write(registry, roomId, { write: broadcastRecord({ revision: 8 }), ifRevision: 7, epoch });
          await expect(byHome("show")).rejects.toMatchObject(refusal("registry_cold"));
          await expect(byHome("not named yet")).rejects.toMatchObject(refusal("registry_cold"));
          await expect(
            write(registry, "show", { write: broadcastRecord({ revision: 8 }), ifRevision: 7 }),
          ).rejects.toMatchObject(refusal("broadcast_not_found"));
          await registry.updateRoom("show", { restore: known });
          expect((await byHome("show")).broadcast?.revision).toBe(8);
          await write(registry, "show", { write: null, ifRevision: 8 });
          await expect(byHome("show")).rejects.toMatchObject(refusal("broadcast_not_found"));
        },
      );

      fact("keep what was written since", async (adapter) => {
        const { epoch } = await lose(adapter);
        const { registry } = adapter;
        const since = broadcastRecord({ title: "since" });
        await write(registry, "show", { write: since, ifRevision: null, epoch });
        expect((await registry.updateRoom("show", { restore: known })).broadcast).toEqual(since);
        expect(await ids(registry, "live")).toEqual([]);
      });

      fact("stay removed where they were since", async (adapter) => {
        const { epoch } = await lose(adapter);
        const { registry } = adapter;
        await write(registry, "show", { write: broadcastRecord(), ifRevision: null, epoch });
        await write(registry, "show", { write: null, ifRevision: 1 });
        const restored = await registry.updateRoom("show", { restore: known });
        expect(restored).toMatchObject({ options: roomOptions(), isPartial: false });
        expect(restored).not.toHaveProperty("broadcast");
      });
    });
  });
}
