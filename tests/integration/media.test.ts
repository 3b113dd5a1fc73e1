import { type CodecName, DEFAULT_CODEC_POLICY, type Source, sendTransportOf } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";
import { MADE_UP_DTLS, rtpParameters, TRANSPORT_CC } from "../support/rtp-parameters.ts";
import { publish } from "./publish.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

type Received = {
  codecs: { mimeType: string; parameters: object; rtcpFeedback: { type: string }[] }[];
  headerExtensions: { uri: string }[];
  encodings: { scalabilityMode?: string }[];
};

let cluster: MemoryCluster;
useMemoryCluster((started) => {
  cluster = started;
});

/** Ann publishes, Bob hears of it. */
async function publishToBob(codec: CodecName, source: Source, rids?: string[]) {
  const room = cluster.newRoom();
  const ann = await cluster.join(room, "ann");
  const bob = await cluster.join(room, "bob");
  const producerId = await publish(ann, source, rtpParameters(codec, { rids }));
  const consumer = await consumerOf(bob, producerId);
  return { ann, bob, producerId, consumer, received: consumer.rtpParameters as unknown as Received };
}

async function consumerOf(client: ProtocolClient, producerId: string) {
  const find = () => [...client.view.consumers.values()].find((c) => c.producerId === producerId);
  await client.until(() => find() !== undefined, "a consumer");
  return find() ?? expect.fail();
}

describe("consumers get", () => {
  const videoCodecs = DEFAULT_CODEC_POLICY.filter((codec) => codec !== "opus");
  it.each(videoCodecs)("%s comes with transport-cc, as header extension and as feedback", async (codec) => {
    const { received } = await publishToBob(codec, "camera");
    expect(received.codecs[0]?.mimeType.toLowerCase()).toBe(`video/${codec.replace(/_.*/, "")}`);
    expect(received.codecs[0]?.rtcpFeedback).toContainEqual({ type: "transport-cc", parameter: "" });
    expect(received.headerExtensions.map(({ uri }) => uri)).toContain(TRANSPORT_CC);
  });

  it("H.264 keeps its profile", async () => {
    const baseline = await publishToBob("h264_baseline", "camera");
    const high = await publishToBob("h264_high", "camera");
    expect(baseline.received.codecs[0]?.parameters).toMatchObject({ "profile-level-id": "42e01f" });
    expect(high.received.codecs[0]?.parameters).toMatchObject({ "profile-level-id": "640c1f" });
  });

  it("Opus has DTX and in-band FEC", async () => {
    const { received } = await publishToBob("opus", "microphone");
    expect(received.codecs[0]).toMatchObject({
      mimeType: "audio/opus",
      parameters: { usedtx: 1, useinbandfec: 1 },
    });
  });

  it("three encodings become one simulcast consumer", async () => {
    const { received } = await publishToBob("vp8", "camera", ["r0", "r1", "r2"]);
    expect(received.encodings).toHaveLength(1);
    expect(received.encodings[0]?.scalabilityMode).toBe("L3T3");
  });

  it("a codec that the peer can't decode is passed over, and what it can decode still comes", async () => {
    const room = cluster.newRoom();
    const ann = await cluster.join(room, "ann");
    const { routerRtpCapabilities } = await (await fetch(`${cluster.url}/v1/capabilities`)).json();
    const codecs = routerRtpCapabilities.codecs.filter((c: { mimeType: string }) => /opus/.test(c.mimeType));
    const deaf = await cluster.join(room, "bob", { rtpCapabilities: { ...routerRtpCapabilities, codecs } });
    const camera = await publish(ann, "camera", rtpParameters("av1"));
    const microphone = await publish(ann, "microphone", rtpParameters("opus"));
    await consumerOf(deaf, microphone);
    expect([...deaf.view.producers.keys()].sort()).toEqual([camera, microphone].sort());
    expect([...deaf.view.consumers.values()].map((c) => c.producerId)).toEqual([microphone]);
  });
});

describe("commands on media", () => {
  it("a consumer takes preferred layers, key frame requests, resume and pause", async () => {
    const { bob, consumer } = await publishToBob("vp8", "camera", ["r0", "r1", "r2"]);
    const { consumerId } = consumer;
    const layers = { consumerId, spatialLayer: 1, temporalLayer: 2 };
    expect(await bob.command("consumer.set_preferred_layers", layers)).toEqual({});
    expect(await bob.command("consumers.resume", { consumerIds: [consumerId] })).toEqual({});
    expect(await bob.command("consumer.request_key_frame", { consumerId })).toEqual({});
    expect(await bob.command("consumers.pause", { consumerIds: [consumerId] })).toEqual({});
  });

  it("both transports connect by DTLS parameters, and restart ICE with new credentials", async () => {
    const { ann } = await publishToBob("opus", "microphone");
    for (const { id, iceParameters } of [sendTransportOf(ann.joined), ann.joined.receiveTransport]) {
      await ann.command("transport.connect", { transportId: id, dtlsParameters: MADE_UP_DTLS });
      const restarted = await ann.command("transport.restart_ice", { transportId: id });
      expect(restarted.iceParameters.usernameFragment).toEqual(expect.any(String));
      expect(restarted.iceParameters.usernameFragment).not.toBe(iceParameters.usernameFragment);
    }
  });

  it("a second DTLS connect is refused with media_rejected", async () => {
    const { ann } = await publishToBob("opus", "microphone");
    const connect = { transportId: sendTransportOf(ann.joined).id, dtlsParameters: MADE_UP_DTLS };
    await ann.command("transport.connect", connect);
    await expect(ann.command("transport.connect", connect)).rejects.toMatchObject({ code: "media_rejected" });
  });

  it("the others see a producer paused, resumed and closed", async () => {
    const { ann, bob, producerId, consumer } = await publishToBob("vp9", "screen");
    await ann.command("producer.pause", { producerId });
    await bob.until(() => bob.view.producers.get(producerId)?.paused === true, "paused");
    await ann.command("producer.resume", { producerId });
    await bob.until(() => bob.view.producers.get(producerId)?.paused === false, "resumed");
    await ann.command("producer.close", { producerId });
    await bob.until(() => !bob.view.producers.has(producerId), "closed");
    await bob.until(() => !bob.view.consumers.has(consumer.consumerId), "the consumer closed");
    await ann.until(() => !ann.view.producers.has(producerId), "closed for its own peer too");
  });

  it("a source is published once", async () => {
    const { ann } = await publishToBob("vp8", "camera");
    const twice = publish(ann, "camera", rtpParameters("vp8"));
    await expect(twice).rejects.toMatchObject({ code: "producer_limit" });
  });

  it("parameters that mediasoup refuses are media_rejected, and the source is free again", async () => {
    const ann = await cluster.join(cluster.newRoom(), "ann");
    const theora = { mimeType: "video/theora", payloadType: 100, clockRate: 90_000 };
    const refused = publish(ann, "camera", { ...rtpParameters("vp8"), codecs: [theora] });
    await expect(refused).rejects.toMatchObject({ code: "media_rejected" });
    await publish(ann, "camera", rtpParameters("vp8"));
  });

  it("data goes to those who are there and those who come, until its producer closes", async () => {
    const room = cluster.newRoom();
    const [ann, bob] = [await cluster.join(room, "ann"), await cluster.join(room, "bob")];
    const { dataProducerId } = await ann.command("data_producer.create", {
      label: "chat",
      sctpStreamParameters: { streamId: 1, ordered: true },
    });
    const late = await cluster.join(room, "cleo");
    for (const client of [bob, late]) {
      await client.until(() => client.view.dataConsumers.size === 1, "a data consumer");
      expect([...client.view.dataConsumers.values()][0]).toMatchObject({ dataProducerId, label: "chat" });
    }
    expect(ann.view.dataConsumers.size).toBe(0);
    await ann.command("data_producer.close", { dataProducerId });
    for (const client of [bob, late])
      await client.until(() => client.view.dataConsumers.size === 0, "the data consumer closed");
  });
});
