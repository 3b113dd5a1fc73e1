import {
  type BroadcastRecord,
  BroadcastSettings,
  type Role,
  RoomOptions,
  VIEWER_AUDIENCE,
} from "@fairlead/protocol";
import { issueTicket } from "@fairlead/tickets";
import { describe, expect, it } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { publish } from "./publish.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

let cluster: MemoryCluster;
useMemoryCluster((started) => {
  cluster = started;
});

async function createBroadcast(settings: Partial<BroadcastRecord> = {}): Promise<string> {
  const id = cluster.newRoom();
  const write: BroadcastRecord = {
    ...BroadcastSettings.parse({ title: "A show" }),
    revision: 1,
    keyHashes: ["0".repeat(64)],
    state: "created",
    run: 0,
    createdAtMs: Date.now(),
    startedAtMs: null,
    interruptedAtMs: null,
    endedAtMs: null,
    peakViewers: 0,
    ...settings,
  };
  const options = RoomOptions.parse({ kind: "broadcast" });
  await cluster.registry.updateRoom(id, { options, broadcast: { write, ifRevision: null } });
  return id;
}

async function join(room: string, identity: string, role: Role): Promise<ProtocolClient> {
  const { ticket } = await issueTicket(cluster.ticketKeys, { room, identity, role });
  return ProtocolClient.join(cluster.url, { ticket });
}

const namesOf = ({ events }: ProtocolClient) => events.map(({ event }) => event.name);
const told = ({ events }: ProtocolClient) =>
  events.flatMap(({ event }) => (event.name === "broadcast.changed" ? [event.data.state] : []));

describe("an SDK viewer", () => {
  it("has one transport, hears of the broadcast, and nobody hears of it", async () => {
    const id = await createBroadcast();
    const ann = await join(id, "ann", "peer");
    const bob = await join(id, "bob", "viewer");
    expect([bob.joined.sendTransport, bob.joined.grants.publish]).toEqual([undefined, []]);
    await bob.until(() => told(bob).length > 0, "the broadcast's state");
    await ann.until(() => namesOf(ann).includes("viewers.counted"), "the count");
    expect([...ann.view.peers.values()].map(({ identity }) => identity)).toEqual(["ann"]);
    expect((await cluster.room(id)).viewers).toBe(1);
    expect((await cluster.api("GET", `/v1/rooms/${id}/peers`)).body.peers).toHaveLength(1);
    await bob.leave();
    await expect.poll(async () => (await cluster.room(id)).viewers).toBe(0);
    expect(namesOf(ann)).not.toContain("peer.left");
  });

  it("sees nothing of a preview, and may send nothing", async () => {
    const id = await createBroadcast({ startsAtMs: Date.now() + 3_600_000 });
    const bob = await join(id, "bob", "viewer");
    const ann = await join(id, "ann", "peer");
    await publish(ann, "microphone", rtpParameters("opus"));
    const eve = await join(id, "eve", "peer");
    await eve.until(() => eve.view.consumers.size === 1, "the preview");
    const late = await join(id, "late", "viewer");
    await late.until(() => told(late).length > 0, "the end of its snapshot");
    for (const viewer of [bob, late]) {
      expect([viewer.view.peers.size, viewer.view.producers.size, viewer.view.consumers.size]).toEqual([
        0, 0, 0,
      ]);
      await expect(publish(viewer, "microphone", rtpParameters("opus"))).rejects.toMatchObject({
        code: "grant_missing",
      });
    }
  });

  it("is refused where there is no broadcast, after its end, past its limit, and when it is banned", async () => {
    const refusal = (code: string) => expect.objectContaining({ code });
    await expect(join(cluster.newRoom(), "bob", "viewer")).rejects.toEqual(refusal("broadcast_not_found"));
    const ended = await createBroadcast({ state: "ended", endedAtMs: Date.now() });
    await expect(join(ended, "bob", "viewer")).rejects.toEqual(refusal("broadcast_ended"));
    const full = await createBroadcast({ maxViewers: 1 });
    const bob = await join(full, "bob", "viewer");
    await expect(join(full, "eve", "viewer")).rejects.toEqual(refusal("viewer_limit"));
    expect((await cluster.api("PUT", `/v1/rooms/${full}/bans/bob`)).status).toBe(204);
    await bob.until(() => bob.isClosed, "its end");
    await expect(join(full, "bob", "viewer")).rejects.toEqual(refusal("banned"));
  });

  it("comes back to its own place where there is no other", async () => {
    const id = await createBroadcast({ maxViewers: 1 });
    const bob = await join(id, "bob", "viewer");
    const { peerId } = bob.joined;
    bob.drop();
    await bob.connect();
    await bob.rejoin();
    expect([bob.joined.peerId, (await cluster.room(id)).viewers]).toEqual([peerId, 1]);
  });

  it("may come twice with one identity, beside all peers that there may be", async () => {
    const id = await createBroadcast();
    const viewers = await Promise.all([join(id, "bob", "viewer"), join(id, "bob", "viewer")]);
    await cluster.api("PUT", `/v1/rooms/${id}`, { kind: "broadcast", maxPeers: 1 });
    await join(id, "ann", "peer");
    expect((await cluster.room(id)).viewers).toBe(2);
    expect(viewers.map(({ isClosed }) => isClosed)).toEqual([false, false]);
  });
});

it("a viewer's ticket has an audience that a build without viewers refuses", async () => {
  const { claims } = await issueTicket(cluster.ticketKeys, { room: "r", identity: "bob", role: "viewer" });
  expect([claims.aud, claims.role]).toEqual([VIEWER_AUDIENCE, "viewer"]);
});

describe("the API's word", () => {
  it("ends a broadcast for all that are there, and deletes it with all that it left", async () => {
    const { broadcastId: id } = (await cluster.api("POST", "/v1/broadcasts", { title: "A show" })).body;
    const path = `/v1/broadcasts/${id}`;
    const [ann, bob] = await Promise.all([join(id, "ann", "peer"), join(id, "bob", "viewer")]);
    await publish(ann, "microphone", rtpParameters("opus"));
    expect((await cluster.api("GET", path)).body).toMatchObject({
      state: "created",
      viewers: 1,
      publisher: { kind: "sdk" },
    });
    const titles = () =>
      bob.events.flatMap(({ event }) => (event.name === "broadcast.changed" ? [event.data.title] : []));
    expect((await cluster.api("PATCH", path, { title: "Another" })).body).toMatchObject({ title: "Another" });
    await bob.until(() => titles().at(-1) === "Another", "the new title");
    expect((await cluster.api("POST", `${path}/end`)).body).toMatchObject({ state: "ended" });
    for (const one of [ann, bob]) {
      await one.until(() => one.isClosed, "its end");
      expect(told(one).at(-1)).toBe("ended");
    }
    await expect.poll(async () => (await cluster.registry.describeRoom(id))?.lease).toBeNull();
    expect(cluster.resourcesOf(id)).toEqual({});
    expect((await cluster.api("GET", path)).body).toMatchObject({
      state: "ended",
      viewers: 0,
      peakViewers: 1,
    });
    expect((await cluster.api("DELETE", path)).status).toBe(204);
    expect(await cluster.registry.describeRoom(id)).toBeNull();
  });

  it("deletes one that is being watched: everybody is told that it has ended", async () => {
    const { broadcastId: id } = (await cluster.api("POST", "/v1/broadcasts", {})).body;
    const bob = await join(id, "bob", "viewer");
    expect((await cluster.api("DELETE", `/v1/broadcasts/${id}`)).status).toBe(204);
    await bob.until(() => bob.isClosed, "its end");
    expect(told(bob).at(-1)).toBe("ended");
    await expect.poll(() => cluster.registry.describeRoom(id)).toBeNull();
    expect((await cluster.api("POST", "/v1/broadcasts", { broadcastId: id })).status).toBe(201);
  });
});
