import { callNode } from "@fairlead/bus";
import { describe, expect, it } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { type FrameOf, ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { askToJoin } from "./calls-by-bus.ts";
import { publish } from "./publish.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

let cluster: MemoryCluster;
useMemoryCluster((started) => {
  cluster = started;
});

const ending = async (client: ProtocolClient): Promise<FrameOf<"error">["error"]["code"]> => {
  await client.until(() => !client.isConnected, "the socket's end");
  return client.framesOf("error").at(-1)?.error.code ?? expect.fail("no reason was given");
};

describe("mute", () => {
  it("by the API holds against its own peer, a new producer and a rejoin, until it is lifted", async () => {
    const room = cluster.newRoom();
    const [ann, bob] = [await cluster.join(room, "ann"), await cluster.join(room, "bob")];
    const producerId = await publish(ann, "microphone", rtpParameters("opus"));
    const path = `/v1/rooms/${room}/peers/${ann.peerId}/mute`;
    expect((await cluster.api("POST", path, { source: "microphone" })).status).toBe(204);
    await bob.until(() => bob.view.producers.get(producerId)?.muted === true, "muted");
    await ann.until(() => ann.view.mutedSources.has("microphone"), "told");
    const resume = ann.command("producer.resume", { producerId });
    await expect(resume).rejects.toMatchObject({ code: "muted_by_moderator" });

    await ann.command("producer.close", { producerId });
    const next = await publish(ann, "microphone", rtpParameters("opus"));
    await bob.until(() => bob.view.producers.has(next), "the new producer");
    expect(bob.view.producers.get(next)).toMatchObject({ paused: true, muted: true });

    await ann.leave();
    const again = await cluster.join(room, "ann");
    await again.until(() => again.view.mutedSources.has("microphone"), "told again");
    const third = await publish(again, "microphone", rtpParameters("opus"));
    const lifted = `/v1/rooms/${room}/peers/${again.peerId}/mute`;
    await cluster.api("POST", lifted, { source: "microphone", muted: false });
    await again.until(() => !again.view.mutedSources.has("microphone"), "lifted");
    await again.command("producer.resume", { producerId: third });
    await bob.until(() => bob.view.producers.get(third)?.paused === false, "resumed");
  });

  it("by a moderator is kept in the room record", async () => {
    const room = cluster.newRoom();
    const [ann, bob] = [await cluster.join(room, "ann"), await cluster.join(room, "bob")];
    await bob.command("peer.mute", { peerId: ann.peerId, source: "camera", muted: true });
    await ann.until(() => ann.view.mutedSources.has("camera"), "told");
    expect((await cluster.registry.describeRoom(room))?.mutes).toEqual([
      { identity: "ann", source: "camera" },
    ]);
  });
});

describe("a moderator", () => {
  it("moderates other moderators only with a grant for that", async () => {
    const room = cluster.newRoom();
    const chief = await cluster.join(room, "chief");
    const [ann, bob] = [
      await cluster.join(room, "ann", { grants: { moderateModerators: false } }),
      await cluster.join(room, "bob", { grants: { moderate: false } }),
    ];
    const mute = (by: ProtocolClient, { peerId }: ProtocolClient) =>
      by.command("peer.mute", { peerId, source: "microphone", muted: true });
    const missing = { code: "grant_missing" };
    await expect(mute(ann, chief)).rejects.toMatchObject(missing);
    await expect(ann.command("peer.remove", { peerId: chief.peerId })).rejects.toMatchObject(missing);
    await mute(ann, bob);
    await mute(chief, ann);
    expect(chief.isConnected).toBe(true);
  });
});

describe("removal", () => {
  it.each([
    ["by the API", "api"],
    ["by a moderator", "command"],
  ])("%s ends the session, and neither the ticket nor the identity gets in again", async (_, by) => {
    const room = cluster.newRoom();
    const ticket = await cluster.ticket(room, "mallory");
    const mallory = await ProtocolClient.join(cluster.url, { ticket });
    const bob = await cluster.join(room, "bob");
    if (by === "api") await cluster.api("DELETE", `/v1/rooms/${room}/peers/${mallory.peerId}`);
    else await bob.command("peer.remove", { peerId: mallory.peerId, reason: "rude" });
    expect(await ending(mallory)).toBe("peer_removed");
    await bob.until(() => bob.view.peers.size === 1, "Mallory left");
    expect(bob.events.at(-1)?.event).toEqual({
      name: "peer.left",
      data: { peerId: mallory.peerId, reason: "removed" },
    });
    const banned = { code: "banned" };
    await expect(ProtocolClient.join(cluster.url, { ticket })).rejects.toMatchObject(banned);
    await expect(cluster.join(room, "mallory")).rejects.toMatchObject(banned);
    await expect(mallory.resume()).rejects.toMatchObject({ code: "peer_removed" });
  });

  it("is undone by lifting the ban: the peer comes back, with the same ticket", async () => {
    const room = cluster.newRoom();
    await cluster.join(room, "bob");
    const ticket = await cluster.ticket(room, "mallory");
    const mallory = await ProtocolClient.join(cluster.url, { ticket });
    await cluster.api("DELETE", `/v1/rooms/${room}/peers/${mallory.peerId}`);
    await expect(ProtocolClient.join(cluster.url, { ticket })).rejects.toMatchObject({ code: "banned" });
    expect((await cluster.api("DELETE", `/v1/rooms/${room}/bans/mallory`)).status).toBe(204);
    await ProtocolClient.join(cluster.url, { ticket });
    expect((await cluster.room(room)).peers).toBe(2);
  });

  it.each(["by the API", "by a moderator"])("%s without a ban lets the peer come back", async (by) => {
    const room = cluster.newRoom();
    const ann = await cluster.join(room, "ann");
    const bob = await cluster.join(room, "bob");
    if (by === "by the API")
      await cluster.api("DELETE", `/v1/rooms/${room}/peers/${ann.peerId}`, { ban: false });
    else await bob.command("peer.remove", { peerId: ann.peerId, ban: false });
    expect(await ending(ann)).toBe("peer_removed");
    await cluster.join(room, "ann");
  });
});

describe("identity", () => {
  it("with duplicateIdentity refuse the newer is refused", async () => {
    const room = cluster.newRoom();
    await cluster.api("PUT", `/v1/rooms/${room}`, { duplicateIdentity: "refuse" });
    const joins = await Promise.allSettled([cluster.join(room, "ann"), cluster.join(room, "ann")]);
    const refused = joins.filter((join) => join.status === "rejected");
    expect(refused.map((join) => join.reason.code)).toEqual(["duplicate_identity"]);
    expect((await cluster.room(room)).peers).toBe(1);
  });
});

describe("room", () => {
  it("that change while it runs count for everybody who joins from then on", async () => {
    const room = cluster.newRoom();
    await cluster.join(room, "ann");
    const bob = await cluster.join(room, "bob");
    const write = (options: object) => cluster.api("PUT", `/v1/rooms/${room}`, options);
    expect((await write({ maxPeers: 1 })).status).toBe(200);
    // Nor does one who comes again lose the place that nobody gets.
    for (const identity of ["cleo", "bob"])
      await expect(cluster.join(room, identity)).rejects.toMatchObject({ code: "room_full" });
    expect(bob.isConnected).toBe(true);
    expect((await cluster.room(room)).peers).toBe(2);
    await write({ maxPeers: 3, duplicateIdentity: "refuse" });
    await expect(cluster.join(room, "bob")).rejects.toMatchObject({ code: "duplicate_identity" });
    await cluster.join(room, "cleo");
    expect((await cluster.room(room)).peers).toBe(3);
  });

  it.each(Array.from({ length: 12 }, (_, round) => round))(
    "that becomes too small amid a join has the joining peer or its older one, and never neither (%i)",
    async (round) => {
      const room = cluster.newRoom();
      await Promise.all(["ann", "bob"].map((name) => cluster.join(room, name)));
      const ticket = await cluster.ticket(room, "ann");
      const placement = await cluster.registry.place({ roomId: room });
      const { roomId, epoch, incarnation } = placement.lease;
      const joining = askToJoin(cluster, room, { ticket }, placement).catch(({ code }) => code);
      // Meets the join at another point in each round.
      for (let turns = 0; turns < round * 20; turns += 1) await new Promise(setImmediate);
      const options = { ...placement.room.options, maxPeers: 1 };
      await callNode(cluster.bus, incarnation, "room.set_options", { roomId, epoch, options });
      expect([expect.objectContaining({ roomId }), "room_full"]).toContainEqual(await joining);
      expect((await cluster.room(room)).peers).toBe(2);
    },
  );

  it("deleted by the API tells every peer", async () => {
    const room = cluster.newRoom();
    const clients = [await cluster.join(room, "ann"), await cluster.join(room, "bob")];
    expect((await cluster.api("DELETE", `/v1/rooms/${room}`)).status).toBe(204);
    expect(await Promise.all(clients.map(ending))).toEqual(["room_closed", "room_closed"]);
    expect(cluster.resourcesOf(room)).toEqual({});
  });
});
