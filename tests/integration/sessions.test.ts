import { setTimeout as delay } from "node:timers/promises";
import { type ClientFrameInput, FRAME_LIMIT, PROTOCOL_VERSION, randomId } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { joinFrame, ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { publish } from "./publish.ts";
import { untilDisconnected } from "./until-disconnected.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

let cluster: MemoryCluster;
useMemoryCluster(
  (started) => {
    cluster = started;
  },
  { graceMs: 1_500 },
);

/** After this time a node sends again what nobody acknowledged, and would hide that it got lost. */
const SHORTEST_RESEND_MS = 900;
/** The node sweeps twice a second. */
const SWEPT_WITHIN_MS = 1_200;

async function endOf(client: ProtocolClient): Promise<string | undefined> {
  await client.until(() => !client.isConnected, "the socket's end");
  return client.framesOf("error").at(-1)?.error.code;
}

describe("a peer whose socket drops", () => {
  it("keeps its media meanwhile", async () => {
    const room = cluster.newRoom();
    const [ann, bob] = [await cluster.join(room, "ann"), await cluster.join(room, "bob")];
    await publish(ann, "microphone", rtpParameters("opus"));
    await bob.until(() => bob.view.consumers.size === 1, "a consumer");
    const before = cluster.resourcesOf(room);
    ann.drop();
    await untilDisconnected(cluster, room, ann.peerId);
    expect(cluster.resourcesOf(room)).toEqual(before);
    await ann.resume();
    expect(cluster.resourcesOf(room)).toEqual(before);
    expect(ann.framesOf("joined")).toHaveLength(1);
  });

  it("and stays away is freed after the grace time, and the others are told", async () => {
    const room = cluster.newRoom();
    const [ann, bob] = [await cluster.join(room, "ann"), await cluster.join(room, "bob")];
    const producerId = await publish(ann, "microphone", rtpParameters("opus"));
    await bob.until(() => bob.view.producers.has(producerId), "the producer");
    ann.drop();
    await bob.until(() => !bob.view.peers.has(ann.peerId), "Ann left");
    expect(bob.view.summary()).toEqual(["bob"]);
    expect(bob.events.at(-1)?.event).toMatchObject({ name: "peer.left", data: { reason: "disconnected" } });
    await expect.poll(() => cluster.resourcesOf(room)).toEqual({ router: 1, rtp_observer: 2, transport: 2 });
    await expect(ann.resume()).rejects.toMatchObject({ code: "session_gone" });
  });

  it.each([
    ["the same identity joined anew", "session_replaced", (room: string) => cluster.join(room, "ann")],
    ["the room was closed", "room_closed", (room: string) => cluster.api("DELETE", `/v1/rooms/${room}`)],
  ] as const)("and ends meanwhile, as %s, is told so when it comes back", async (_, code, putOut) => {
    const room = cluster.newRoom();
    const [ann, bob] = [await cluster.join(room, "ann"), await cluster.join(room, "bob")];
    ann.drop();
    await putOut(room);
    await bob.until(() => !bob.view.peers.has(ann.peerId) || !bob.isConnected, "Ann's end");
    await expect(ann.resume()).rejects.toMatchObject({ code });
    // When the node has swept up, too.
    await delay(SWEPT_WITHIN_MS);
    await expect(ann.resume()).rejects.toMatchObject({ code });
  });

  it("is not freed while its socket lives, however quiet it is and short the grace time", async () => {
    const room = cluster.newRoom();
    const ann = await cluster.join(room, "ann");
    const gone = await cluster.join(room, "bob");
    await expect
      .poll(() => cluster.nodeStatus().then((node) => node?.lastBeatMs ?? 0), { timeout: 10_000 })
      .toBeGreaterThan(Date.now() + 2_500);
    expect(ann.view.peers.has(gone.peerId)).toBe(true);
    expect((await cluster.room(room)).peers).toBe(2);
  });
});

describe("a room that the last one left", () => {
  it("is freed after its time, with everything in it", async () => {
    const room = cluster.newRoom();
    await cluster.api("PUT", `/v1/rooms/${room}`, { emptyTimeoutMs: 600 });
    const ann = await cluster.join(room, "ann");
    await publish(ann, "microphone", rtpParameters("opus"));
    await ann.leave();
    expect(cluster.resourcesOf(room)).toEqual({ router: 1, rtp_observer: 2 });
    await expect.poll(() => cluster.resourcesOf(room), { timeout: 5_000 }).toEqual({});
    expect((await cluster.room(room)).placement).toBeNull();
    expect(await cluster.node.dump()).toEqual(cluster.ledger());
  });

  it("is kept for one who comes back in time", async () => {
    const room = cluster.newRoom();
    const first = await cluster.join(room, "ann");
    await first.leave();
    const again = await cluster.join(room, "ann");
    expect(again.joined.epoch).toBe(first.joined.epoch);
  });
});

describe("a join or command that is sent again acts once", () => {
  it("a join whose answer was lost, with its joinId: one peer, and the same one", async () => {
    const room = cluster.newRoom();
    const bob = await cluster.join(room, "bob");
    const ticket = await cluster.ticket(room, "ann");
    const joinId = randomId();
    const lost = new ProtocolClient(cluster.url);
    await lost.connect();
    lost.send(joinFrame({ ticket, joinId }));
    await bob.until(() => bob.view.peers.size === 2, "Ann");
    lost.drop();
    const ann = await ProtocolClient.join(cluster.url, { ticket, joinId });
    const joinedAtMs = performance.now();
    await ann.until(() => ann.view.peers.size === 2, "the snapshot");
    expect(performance.now() - joinedAtMs).toBeLessThan(SHORTEST_RESEND_MS);
    expect(bob.view.peers.has(ann.peerId)).toBe(true);
    expect(bob.events.filter(({ event }) => event.name === "peer.left")).toEqual([]);
    expect((await cluster.room(room)).peers).toBe(2);
    await publish(ann, "microphone", rtpParameters("opus"));
    await bob.until(() => bob.view.consumers.size === 1, "a consumer");
  });

  it("a join that was sent on two sockets at once: one peer", async () => {
    const room = cluster.newRoom();
    await cluster.api("PUT", `/v1/rooms/${room}`, { duplicateIdentity: "refuse" });
    const options = { ticket: await cluster.ticket(room, "ann"), joinId: randomId() };
    const clients = await Promise.all([
      ProtocolClient.join(cluster.url, options),
      ProtocolClient.join(cluster.url, options),
    ]);
    expect(clients[0]?.peerId).toBe(clients[1]?.peerId);
    expect((await cluster.room(room)).peers).toBe(1);
  });

  it("a command with its id: one producer, and the same reply each time", async () => {
    const ann = await cluster.join(cluster.newRoom(), "ann");
    const data = { kind: "audio", source: "microphone", rtpParameters: rtpParameters("opus") };
    const frame: ClientFrameInput = {
      type: "command",
      id: 1,
      settledBelow: 1,
      name: "producer.create",
      data,
    };
    for (let times = 0; times < 3; times++) ann.send(frame);
    await ann.until(() => ann.framesOf("reply").length === 3, "three replies");
    const [first, ...others] = ann.framesOf("reply");
    expect(first).toMatchObject({ ok: true, id: 1 });
    for (const reply of others) expect(reply).toEqual(first);
    await ann.until(() => ann.view.producers.size === 1, "the producer");
    expect(ann.events.filter(({ event }) => event.name === "producers.created")).toHaveLength(1);
  });

  it("a command that a lost socket left unanswered: it is answered after the resume", async () => {
    const room = cluster.newRoom();
    const ann = await cluster.join(room, "ann");
    const producing = publish(ann, "microphone", rtpParameters("opus"));
    ann.drop();
    await ann.until(() => !ann.isConnected, "the drop");
    await ann.resume();
    const producerId = await producing;
    await ann.until(() => ann.view.producers.has(producerId), "the producer");
    expect((await cluster.room(room)).producers).toBe(1);
  });
});

describe("a session that a newer socket took over", () => {
  it("ends the older socket with session_replaced, and goes on with the newer", async () => {
    const room = cluster.newRoom();
    const ann = await cluster.join(room, "ann");
    const second = new ProtocolClient(cluster.url);
    await second.connect();
    const { sessionTicket, position } = ann;
    second.send({ type: "resume", protocolVersion: PROTOCOL_VERSION, sessionTicket, position });
    await second.until(() => second.framesOf("resumed").length === 1, "resumed");
    expect(await endOf(ann)).toBe("session_replaced");
    expect(second.framesOf("resumed")[0]?.connection).toBe(ann.joined.connection + 1);
    expect((await cluster.room(room)).peers).toBe(1);
  });
});

describe("garbage", () => {
  it.each([
    ["no JSON", "{", "invalid_frame"],
    ["an unknown frame", '{"type":"dance"}', "invalid_frame"],
    ["an oversized frame", `{"type":"ping","pad":"${"x".repeat(FRAME_LIMIT)}"}`, "frame_too_large"],
    ["a second join", JSON.stringify(joinFrame({ ticket: "x".repeat(20) })), "invalid_frame"],
    ["a command without an id", '{"type":"command","name":"producer.pause","data":{}}', "invalid_frame"],
  ])("of one client (%s) ends its socket, and nobody else notices", async (_, text, code) => {
    const room = cluster.newRoom();
    const [ann, eve] = [await cluster.join(room, "ann"), await cluster.join(room, "eve")];
    await ann.until(() => ann.view.peers.size === 2, "Eve");
    const noted = ann.events.length;
    eve.sendText(text);
    expect(await endOf(eve)).toBe(code);
    await publish(ann, "microphone", rtpParameters("opus"));
    await ann.until(() => ann.view.producers.size === 1, "the producer");
    // A microphone alone in its room becomes the speaker at some time.
    const heard = ann.events
      .slice(noted)
      .flatMap(({ event: { name } }) => (name === "speaker.changed" ? [] : name));
    expect(heard).toEqual(["producers.created"]);
  });

  it.each([
    ["unknown_command", "producer.explode", {}],
    ["unknown_command", "constructor", {}],
    ["invalid_request", "producer.pause", { producerId: 7 }],
    ["producer_not_found", "producer.pause", { producerId: "nobody's" }],
    ["consumer_not_found", "consumer.request_key_frame", { consumerId: "nobody's" }],
    ["transport_not_found", "transport.restart_ice", { transportId: "nobody's" }],
    ["data_producer_not_found", "data_producer.close", { dataProducerId: "nobody's" }],
    ["peer_not_found", "peer.remove", { peerId: "nobody" }],
  ])("as a command is answered %s, and the socket stays: %s", async (code, name, data) => {
    const eve = await cluster.join(cluster.newRoom(), "eve");
    eve.send({ type: "command", id: 1, settledBelow: 1, name, data });
    await eve.until(() => eve.framesOf("reply").length === 1, "a reply");
    expect(eve.framesOf("reply")[0]).toMatchObject({ ok: false, error: { code } });
    await publishByHand(eve);
  });

  it("another peer's producer can't be paused, resumed or closed", async () => {
    const room = cluster.newRoom();
    const [ann, eve] = [await cluster.join(room, "ann"), await cluster.join(room, "eve")];
    const producerId = await publish(ann, "microphone", rtpParameters("opus"));
    for (const name of ["producer.pause", "producer.resume", "producer.close"] as const)
      await expect(eve.command(name, { producerId })).rejects.toMatchObject({ code: "producer_not_found" });
    await ann.until(() => ann.view.producers.has(producerId), "her producer");
    expect(ann.view.producers.get(producerId)?.paused).toBe(false);
  });
});

/** Id 1 was taken by hand: the client's own count begins at 1 too. */
async function publishByHand(client: ProtocolClient): Promise<void> {
  const data = { kind: "audio", source: "microphone", rtpParameters: rtpParameters("opus") };
  client.send({ type: "command", id: 2, settledBelow: 2, name: "producer.create", data });
  await client.until(() => client.view.producers.size === 1, "the producer");
}
