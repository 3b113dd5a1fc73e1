import { describe, expect } from "vitest";
import {
  beating,
  beatOf,
  type CreateRegistryAdapter,
  nodesOf,
  type OpenRegistryAdapter,
  placePeer,
  type RegistryAdapter,
  roomOptions,
  serving,
} from "./registry-adapter.ts";
import { factsAbout } from "./with-adapter.ts";

export function describeRooms(
  createAdapter: OpenRegistryAdapter,
  createBounded: CreateRegistryAdapter,
): void {
  const fact = factsAbout(createAdapter);

  describe("rooms", () => {
    const bounded = factsAbout(() => createBounded({ coldMs: 0, bansPerRoom: 3, mutesPerRoom: 3 }));

    fact("describes a placed room, and why it is where it is", async ({ registry, now }) => {
      expect(await registry.describeRoom("standup")).toBeNull();
      await registry.heartbeat(beatOf("a"));
      const { lease, decision } = await placePeer(registry, "standup");
      await placePeer(registry, "standup");
      const room = await registry.describeRoom("standup");
      expect(room).toMatchObject({ roomId: "standup", lease, decision, bannedIdentities: [], mutes: [] });
      expect(room?.options).toEqual(roomOptions());
      expect(room?.createdAtMs).toBe(now());
    });

    fact("lists rooms in order, page by page", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const ids = ["delta", "Alpha", "charlie", "bravo", "b-2"];
      for (const roomId of ids) await placePeer(registry, roomId);
      const first = await registry.listRooms({ limit: 2 });
      const second = await registry.listRooms({ limit: 2, cursor: first.cursor });
      const third = await registry.listRooms({ limit: 2, cursor: second.cursor });
      const listed = [first, second, third].flatMap((page) => page.items.map(({ roomId }) => roomId));
      expect(listed).toEqual(["Alpha", "b-2", "bravo", "charlie", "delta"]);
      expect([first.cursor === undefined, third.cursor === undefined]).toEqual([false, true]);
    });

    fact("mutes once and unmutes", async ({ registry }) => {
      const mute = { identity: "bob", source: "microphone" as const };
      await registry.updateRoom("standup", { mute: { ...mute, muted: true } });
      await registry.updateRoom("standup", { mute: { ...mute, muted: true } });
      expect((await registry.describeRoom("standup"))?.mutes).toEqual([mute]);
      const lifted = await registry.updateRoom("standup", { mute: { ...mute, muted: false } });
      expect(lifted.mutes).toEqual([]);
    });

    fact("lifts a ban, with the tickets that were banned along, and no other", async ({ registry }) => {
      await registry.heartbeat(beatOf("a"));
      const enter = (identity: string, ticketId: string) =>
        registry.place({ roomId: "standup", peer: { identity, ticketId } });
      await registry.updateRoom("standup", { ban: { identity: "eve", ticketId: "eve-1" } });
      await registry.updateRoom("standup", { ban: { identity: "eve", ticketId: "eve-2" } });
      await registry.updateRoom("standup", { ban: { identity: "mallory", ticketId: "mallory-1" } });
      await expect(enter("eve", "fresh")).rejects.toMatchObject({ code: "banned" });
      await expect(enter("another name", "eve-1")).rejects.toMatchObject({ code: "banned" });
      for (const _again of [1, 2]) {
        const lifted = await registry.updateRoom("standup", { unban: { identity: "eve" } });
        expect(lifted).toMatchObject({ bannedIdentities: ["mallory"], bannedTicketIds: ["mallory-1"] });
      }
      await enter("eve", "eve-1");
      await expect(enter("mallory", "fresh")).rejects.toMatchObject({ code: "banned" });
    });

    describe("are bounded in what is said about one", () => {
      bounded("bans", async ({ registry }) => {
        const ban = (identity: string, ticketId?: string) =>
          registry.updateRoom("standup", {
            options: roomOptions({ maxPeers: 9 }),
            ban: { identity, ticketId },
          });
        for (const name of ["eve", "mallory", "oscar"]) await ban(name, `${name}-1`);
        await expect(ban("trudy")).rejects.toMatchObject({ code: "too_many_bans" });
        await expect(ban("eve", "eve-2")).rejects.toMatchObject({ code: "too_many_bans" });
        await ban("eve", "eve-1");
        const full = await registry.describeRoom("standup");
        expect(full?.bannedIdentities).toEqual(["eve", "mallory", "oscar"]);
        expect(full?.bannedTicketIds).toEqual(["eve-1", "mallory-1", "oscar-1"]);
        await registry.updateRoom("standup", { unban: { identity: "eve" } });
        expect((await ban("trudy", "trudy-1")).bannedIdentities).toEqual(["mallory", "oscar", "trudy"]);
      });

      bounded("mutes", async ({ registry }) => {
        const mute = (identity: string, muted = true) =>
          registry.updateRoom("standup", { mute: { identity, source: "microphone", muted } });
        for (const name of ["ada", "bob", "cleo"]) await mute(name);
        await expect(mute("dan")).rejects.toMatchObject({ code: "too_many_mutes" });
        await mute("dan", false);
        expect((await mute("bob")).mutes.map(({ identity }) => identity)).toEqual(["ada", "cleo", "bob"]);
        await mute("ada", false);
        expect((await mute("dan")).mutes).toHaveLength(3);
      });
    });

    describe("whose record was lost", () => {
      const KNOWN = {
        options: roomOptions({ maxPeers: 9 }),
        bans: [
          { identity: "eve", ticketIds: ["eve-1"] },
          { identity: "mallory", ticketIds: ["mallory-1", "mallory-2"] },
        ],
        mutes: [
          { identity: "ada", source: "camera" as const },
          { identity: "bob", source: "microphone" as const },
        ],
      };
      /** It was placed, the registry lost everything, and its node named it. */
      const lose = async (adapter: RegistryAdapter) => {
        await adapter.registry.heartbeat(beatOf("a"));
        const { lease } = await placePeer(adapter.registry, "standup");
        const beat = beatOf("a", { leases: serving([lease]) });
        expect((await adapter.registry.heartbeat(beat)).recordsLost, "not yet").toEqual([]);
        await adapter.flush();
        return beat;
      };

      fact("are named to their node until it has told what it knows", async (adapter) => {
        const beat = await lose(adapter);
        const lost = async () => (await adapter.registry.heartbeat(beat)).recordsLost;
        expect(await lost()).toEqual(["standup"]);
        expect(await lost()).toEqual(["standup"]);
        const { registry } = adapter;
        expect(await registry.updateRoom("standup", { restore: KNOWN })).toMatchObject({
          ...KNOWN,
          isPartial: false,
        });
        expect(await lost()).toEqual([]);
        const enter = (identity: string, ticketId: string) =>
          registry.place({ roomId: "standup", peer: { identity, ticketId } });
        await expect(enter("another name", "mallory-2")).rejects.toMatchObject({ code: "banned" });
        await registry.updateRoom("standup", { unban: { identity: "mallory" } });
        await enter("mallory", "mallory-2");
        await expect(enter("eve", "fresh")).rejects.toMatchObject({ code: "banned" });
        await registry.updateRoom("standup", { restore: KNOWN });
        await enter("mallory", "mallory-1");
      });

      fact("keep what was said since, a lifting included", async (adapter) => {
        const beat = await lose(adapter);
        const { registry } = adapter;
        await registry.updateRoom("standup", { unban: { identity: "eve" } });
        await registry.heartbeat(beat);
        const mute = { identity: "ada", source: "camera" as const };
        await registry.updateRoom("standup", { mute: { ...mute, muted: true } });
        await registry.updateRoom("standup", { mute: { ...mute, muted: false } });
        await registry.updateRoom("standup", { ban: { identity: "mallory", ticketId: "mallory-3" } });
        const options = roomOptions();
        await registry.updateRoom("standup", { options });
        expect(await registry.updateRoom("standup", { restore: KNOWN })).toMatchObject({
          options,
          bans: [{ identity: "mallory", ticketIds: ["mallory-3", "mallory-1", "mallory-2"] }],
          mutes: [{ identity: "bob", source: "microphone" }],
        });
      });

      bounded("take no more than a record may hold", async ({ registry }) => {
        const restore = {
          bans: ["a", "b", "c", "d"].map((identity) => ({ identity, ticketIds: [`${identity}-1`] })),
          mutes: ["a", "b", "c", "d"].map((identity) => ({ identity, source: "screen" as const })),
        };
        await registry.updateRoom("standup", { ban: { identity: "eve", ticketId: "eve-1" } });
        const { bans, mutes } = await registry.updateRoom("standup", { restore });
        expect(bans.map(({ identity }) => identity)).toEqual(["eve", "a", "b"]);
        expect(bans.flatMap(({ ticketIds }) => ticketIds)).toHaveLength(3);
        expect(mutes).toHaveLength(3);
      });
    });

    fact("bans, mutes and options outlive the node", async (adapter) => {
      const { registry } = adapter;
      await registry.heartbeat(beatOf("a"));
      await placePeer(registry, "standup");
      const options = roomOptions({ maxPeers: 3, duplicateIdentity: "refuse", emptyTimeoutMs: 0 });
      await registry.updateRoom("standup", { options, ban: { identity: "eve" } });
      await registry.updateRoom("standup", { mute: { identity: "bob", source: "screen", muted: true } });
      await beating(adapter, 3_500, [beatOf("b")]);
      const { room, lease } = await placePeer(registry, "standup");
      expect(lease.nodeId).toBe("b");
      expect(room).toEqual({ options, mutes: [{ identity: "bob", source: "screen" }] });
      const eve = { identity: "eve", ticketId: "fresh" };
      await expect(registry.place({ roomId: "standup", peer: eve })).rejects.toMatchObject({
        code: "banned",
      });
    });

    fact("forgets a released room unless something was said about it", async ({ registry }) => {
      await registry.heartbeat(beatOf("a", { labels: ["gpu"] }));
      const options = roomOptions({ labels: ["gpu"] });
      const leases = [(await placePeer(registry, "labelled", { options })).lease];
      for (const roomId of ["plain", "guarded", "muted"])
        leases.push((await placePeer(registry, roomId)).lease);
      await registry.updateRoom("guarded", { ban: { identity: "eve" } });
      await registry.updateRoom("muted", { mute: { identity: "bob", source: "camera", muted: true } });
      for (const lease of leases) await registry.release(lease);
      const { items } = await registry.listRooms({ limit: 100 });
      expect(items.map(({ roomId }) => roomId)).toEqual(["guarded", "labelled", "muted"]);
      expect((await placePeer(registry, "labelled")).room.options).toEqual(options);
    });

    fact(
      "30 days after the last lease, or the last word about a room without one, it is forgotten with the next that is kept",
      async ({ registry, advance }) => {
        const month = 30 * 24 * 3_600_000;
        const ban = (roomId: string) => registry.updateRoom(roomId, { ban: { identity: "eve" } });
        const ids = async () => (await registry.listRooms({ limit: 9 })).items.map(({ roomId }) => roomId);
        await registry.heartbeat(beatOf("a"));
        const served = (await placePeer(registry, "served")).lease;
        const released = (await placePeer(registry, "released")).lease;
        for (const roomId of ["served", "released", "said", "said-again"]) await ban(roomId);
        await advance(1);
        await registry.release(released);
        await ban("said-again");
        await advance(month);
        await ban("late");
        expect(await ids()).toEqual(["late", "released", "said-again", "served"]);
        await advance(1);
        await ban("late");
        expect(await ids()).toEqual(["late", "served"]);
        await registry.release(served);
        expect(await ids()).toEqual(["late", "served"]);
      },
    );

    fact("a record that it hands out is the caller's own", async ({ registry }) => {
      const beat = beatOf("a");
      await registry.heartbeat(beat);
      beat.cores.length = 0;
      const placed = await placePeer(registry, "standup");
      placed.room.options.maxPeers = 1;
      placed.room.options.labels.push("gpu");
      placed.lease.epoch = 0;
      const described = await registry.describeRoom("standup");
      described?.bannedIdentities.push("ada");
      described?.decision?.candidates.pop();
      (await nodesOf(registry))[0]?.labels.push("gpu");
      const { room, lease } = await placePeer(registry, "standup");
      expect([room.options, lease.epoch > 0]).toEqual([roomOptions(), true]);
      expect((await registry.describeRoom("standup"))?.decision?.candidates).toHaveLength(1);
      expect((await nodesOf(registry)).map(({ labels, cores }) => [labels, cores.length])).toEqual([[[], 1]]);
    });

    fact(
      "answers a ping until it is closed, then refuses everything with registry_unreachable",
      async ({ registry }) => {
        await registry.ping();
        await registry.close();
        await registry.close();
        const refusal = { code: "registry_unreachable" };
        await expect(registry.ping()).rejects.toMatchObject(refusal);
        await expect(placePeer(registry, "standup")).rejects.toMatchObject(refusal);
        await expect(registry.heartbeat(beatOf("a"))).rejects.toMatchObject(refusal);
      },
    );
  });
}
