import { describe, expect, it } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { publish } from "./publish.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

/** The node refuses whatever one peer sends to harm it or the others, who go on. */
let cluster: MemoryCluster;
useMemoryCluster((started) => {
  cluster = started;
});

/** Two who are there, and one who means harm. */
async function gather() {
  const room = cluster.newRoom();
  const [ann, bob] = [await cluster.join(room, "ann"), await cluster.join(room, "bob")];
  return { room, ann, bob, mallory: await cluster.join(room, "mallory") };
}

async function expectUnharmed(ann: ProtocolClient, bob: ProtocolClient): Promise<void> {
  const producerId = await publish(ann, "microphone", rtpParameters("opus"));
  const isConsumed = () => [...bob.view.consumers.values()].some((info) => info.producerId === producerId);
  await bob.until(isConsumed, "Ann's microphone");
}

describe("producers", () => {
  it("of data: 60 commands at once make 8", async () => {
    const { room, ann, bob, mallory } = await gather();
    const creations = Array.from({ length: 60 }, (_, streamId) =>
      mallory.command("data_producer.create", { label: "flood", sctpStreamParameters: { streamId } }),
    );
    const results = await Promise.allSettled(creations);
    const refused = results.filter((result) => result.status === "rejected");
    expect(new Set(refused.map((result) => result.reason.code))).toEqual(new Set(["producer_limit"]));
    expect(refused).toHaveLength(52);
    expect(cluster.resourcesOf(room)).toMatchObject({ data_producer: 8, data_consumer: 16 });
    await expectUnharmed(ann, bob);
  });

  it.each([
    ["microphone", "vp8"],
    ["camera", "opus"],
  ] as const)("as %s with %s are refused", async (source, codec) => {
    const { ann, bob, mallory } = await gather();
    const refused = publish(mallory, source, rtpParameters(codec));
    await expect(refused).rejects.toMatchObject({ code: "invalid_request" });
    await expectUnharmed(ann, bob);
  });

  it("of a screen's sound without the screen are refused, and end with it: it is no second microphone", async () => {
    const { ann, bob, mallory } = await gather();
    const sound = () => publish(mallory, "screen_audio", rtpParameters("opus"));
    await expect(sound()).rejects.toMatchObject({ code: "producer_not_found" });
    const [screen, soundId] = await Promise.all([publish(mallory, "screen", rtpParameters("vp8")), sound()]);
    await bob.until(() => bob.view.producers.size === 2, "both");
    await mallory.command("producer.close", { producerId: screen });
    await bob.until(() => bob.view.producers.size === 0, "the sound's end");
    await expect(mallory.command("producer.close", { producerId: soundId })).rejects.toMatchObject({
      code: "producer_not_found",
    });
    await expectUnharmed(ann, bob);
  });

  it("are received under their peer's id, whatever they call themselves", async () => {
    const { bob, mallory } = await gather();
    const given = { ...rtpParameters("opus"), msid: "chosen-stream", rtcp: { cname: "chosen-name" } };
    const producerId = await publish(mallory, "microphone", given);
    const received = () => [...bob.view.consumers.values()].find((info) => info.producerId === producerId);
    await bob.until(() => received() !== undefined, "a consumer");
    expect(received()?.rtpParameters.rtcp).toMatchObject({ cname: mallory.peerId });
    expect(JSON.stringify(bob.frames)).not.toContain("chosen-");
  });

  it("with a text as long as a frame are refused", async () => {
    const { ann, bob, mallory } = await gather();
    const { codecs, ...rest } = rtpParameters("opus") as { codecs: object[] };
    const parameters = { "x-text": "x".repeat(32_000) };
    const long = { ...rest, codecs: codecs.map((codec) => ({ ...codec, parameters })) };
    await expect(publish(mallory, "microphone", long)).rejects.toMatchObject({ code: "invalid_request" });
    await expectUnharmed(ann, bob);
  });
});

describe("capabilities", () => {
  const nested = (depth: number) => {
    let value = {};
    for (let level = 0; level < depth; level++) value = { value };
    return value;
  };

  it("nested 2,500 deep are refused", async () => {
    const { room, ann, bob } = await gather();
    const joined = cluster.join(room, "eve", { rtpCapabilities: nested(2_500) });
    await expect(joined).rejects.toMatchObject({ code: "invalid_frame" });
    await expectUnharmed(ann, bob);
  });

  it("that nobody can read receive nothing", async () => {
    const { room, ann, bob } = await gather();
    const eve = await cluster.join(room, "eve", { rtpCapabilities: { codecs: "all of them" } });
    await expectUnharmed(ann, bob);
    const late = await cluster.join(room, "late", { rtpCapabilities: { codecs: [nested(3)] } });
    await late.until(() => late.view.producers.size === 1, "Ann's microphone");
    await publish(late, "microphone", rtpParameters("opus"));
    expect(eve.view.consumers.size + late.view.consumers.size).toBe(0);
  });
});
