import { BATCH_LIMIT, FRAME_LIMIT, type ServerFrame } from "@fairlead/protocol";
import { beforeAll, describe, expect, it } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { publish } from "./publish.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

let cluster: MemoryCluster;
useMemoryCluster((started) => {
  cluster = started;
});

const consumedBy = (client: ProtocolClient) =>
  [...client.view.consumers.values()].map((consumer) => consumer.producerId).sort();

describe("without autoSubscribe", () => {
  it("a peer hears of producers, and gets consumers only for those that it names", async () => {
    const room = cluster.newRoom();
    const ann = await cluster.join(room, "ann");
    const before = await publish(ann, "microphone", rtpParameters("opus"));
    const bob = await cluster.join(room, "bob", { autoSubscribe: false });
    const after = await publish(ann, "camera", rtpParameters("vp8"));
    await bob.until(() => bob.view.producers.size === 2, "both producers");
    await bob.command("producers.subscribe", { producerIds: [after] });
    await bob.until(() => bob.view.consumers.size === 1, "a consumer");
    expect(consumedBy(bob)).toEqual([after]);
    await bob.command("producers.subscribe", { producerIds: [after, before, "unknown"] });
    await bob.until(() => bob.view.consumers.size === 2, "the other consumer");
    await bob.command("producers.unsubscribe", { producerIds: [after] });
    await bob.until(() => bob.view.consumers.size === 1, "a consumer closed");
    expect(consumedBy(bob)).toEqual([before]);
  });

  it("a peer that may subscribe gets all data, and one that may not gets none", async () => {
    const room = cluster.newRoom();
    const ann = await cluster.join(room, "ann");
    const open = (streamId: number) =>
      ann.command("data_producer.create", { label: "chat", sctpStreamParameters: { streamId } });
    const before = await open(1);
    const bob = await cluster.join(room, "bob", { autoSubscribe: false });
    const eve = await cluster.join(room, "eve", { autoSubscribe: false, grants: { subscribe: false } });
    const after = await open(2);
    await bob.until(() => bob.view.dataConsumers.size === 2, "both data consumers");
    const consumed = [...bob.view.dataConsumers.values()].map(({ dataProducerId }) => dataProducerId);
    expect(consumed.sort()).toEqual([before.dataProducerId, after.dataProducerId].sort());
    await eve.command("producers.unsubscribe", { producerIds: ["any"] });
    expect(eve.view.dataConsumers.size).toBe(0);
    expect(cluster.resourcesOf(room)).toMatchObject({ data_producer: 2, data_consumer: 2 });
  });

  it("subscribing and unsubscribing in one breath leaves no consumer", async () => {
    const room = cluster.newRoom();
    const ann = await cluster.join(room, "ann");
    const producerId = await publish(ann, "microphone", rtpParameters("opus"));
    const bob = await cluster.join(room, "bob", { autoSubscribe: false });
    const both = { producerIds: [producerId] };
    await Promise.all([bob.command("producers.subscribe", both), bob.command("producers.unsubscribe", both)]);
    await bob.command("producers.subscribe", both);
    await bob.until(() => bob.view.consumers.size === 1, "a consumer");
    expect((await cluster.room(room)).consumers).toBe(1);
  });
});

describe("a room that bounds the consumers of a peer", () => {
  it("leaves the rest out, and says so: in the reply to a command, else by an event", async () => {
    const room = cluster.newRoom();
    await cluster.api("PUT", `/v1/rooms/${room}`, { maxConsumersPerPeer: 1 });
    const ann = await cluster.join(room, "ann");
    const first = await publish(ann, "microphone", rtpParameters("opus"));
    const bob = await cluster.join(room, "bob");
    const eve = await cluster.join(room, "eve", { autoSubscribe: false });
    const second = await publish(ann, "camera", rtpParameters("vp8"));
    const refused = (producerId: string) => ({ producerId, code: "consumer_limit" });
    const refusals = () => bob.events.filter(({ event }) => event.name === "consumers.refused");
    await bob.until(() => refusals().length > 0, "a refusal");
    expect(refusals().map(({ event }) => event.data)).toEqual([{ producers: [refused(second)] }]);
    expect(await eve.command("producers.subscribe", { producerIds: [second, first] })).toEqual({
      refused: [refused(second)],
    });
    expect([consumedBy(bob), consumedBy(eve)]).toEqual([[first], [first]]);
    await eve.command("producers.unsubscribe", { producerIds: [first] });
    expect(await eve.command("producers.subscribe", { producerIds: [second] })).toEqual({});
  });
});

describe("a room with 64 producers of 16 peers and 55 listeners", () => {
  const PUBLISHERS = 16;
  const LISTENERS = 55;
  let first: ProtocolClient;
  let last: ProtocolClient;
  let firstJoinLength = 0;
  const room = "crowd";

  beforeAll(async () => {
    first = await cluster.join(room, "first", { autoSubscribe: false });
    firstJoinLength = joinLength(first);
    for (let index = 0; index < PUBLISHERS; index++) {
      const client = await cluster.join(room, `publisher-${index}`, { autoSubscribe: false });
      await publish(client, "microphone", rtpParameters("opus"));
      await publish(client, "camera", rtpParameters("vp8"));
      await publish(client, "screen", rtpParameters("h264_high"));
      await publish(client, "screen_audio", rtpParameters("opus"));
    }
    for (let index = 0; index < LISTENERS; index++)
      await cluster.join(room, `listener-${index}`, { autoSubscribe: false });
    last = await cluster.join(room, "last-1");
    await last.until(() => last.view.consumers.size === 4 * PUBLISHERS, "all consumers");
  });

  /** Without the session ticket and the candidates' ids, whose lengths vary by a few characters. */
  const joinLength = (client: ProtocolClient) =>
    JSON.stringify({ ...client.joined, sessionTicket: "" }).length;

  it("the last one sees everybody and everything", () => {
    expect(last.view.peers.size).toBe(1 + PUBLISHERS + LISTENERS + 1);
    expect(last.view.producers.size).toBe(4 * PUBLISHERS);
  });

  it("the answer to its join is as long as the first one's", () => {
    expect(Math.abs(joinLength(last) - firstJoinLength)).toBeLessThan(64);
  });

  it("no event names more than its limit, and none is longer than a frame", () => {
    const sizes = last.events.map(({ event }) => sizeOf(event.data));
    expect(Math.max(...sizes)).toBe(BATCH_LIMIT);
    const consumers = last.events.filter(({ event }) => event.name === "consumers.created");
    expect(Math.max(...consumers.map(({ event }) => sizeOf(event.data)))).toBe(10);
    const lengths = last.frames.map((frame: ServerFrame) => JSON.stringify(frame).length);
    expect(Math.max(...lengths)).toBeLessThan(FRAME_LIMIT);
  });

  it("the API lists its peers in pages", async () => {
    const page = (await cluster.api("GET", `/v1/rooms/${room}/peers`)).body;
    expect(page.peers).toHaveLength(BATCH_LIMIT);
    const rest = (await cluster.api("GET", `/v1/rooms/${room}/peers?cursor=${page.cursor}`)).body;
    expect(rest.cursor).toBeUndefined();
    const all = [...page.peers, ...rest.peers].map((peer: { peerId: string }) => peer.peerId);
    expect(new Set(all)).toEqual(new Set(last.view.peers.keys()));
  });

  const sizeOf = (data: object) =>
    Math.max(0, ...Object.values(data).map((value) => (Array.isArray(value) ? value.length : 0)));
});
