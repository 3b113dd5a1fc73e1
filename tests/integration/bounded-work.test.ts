import { describe, expect, it } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { publish } from "./publish.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

/** A node whose budgets are small, and do not come back while a test runs. */
const few = (burst: number) => ({ burst, perSecond: 0.001 });
let cluster: MemoryCluster;
useMemoryCluster(
  (started) => {
    cluster = started;
  },
  {
    budgets: {
      joins: few(4),
      producers: few(3),
      dataProducers: few(2),
      consumers: few(1),
      iceRestarts: few(1),
      keyFrames: few(1),
      switches: few(1),
    },
  },
);

const LIMITED = { code: "rate_limited", retryAfterMs: expect.any(Number) };
/** What every peer has besides in a room of two, of consumers and switches. */
const EXTRA = 16;

/** A publisher of four sources, and a peer that subscribes by hand. */
async function meet() {
  const room = cluster.newRoom();
  const [ann, bob] = [
    await cluster.join(room, "ann"),
    await cluster.join(room, "bob", { autoSubscribe: false }),
  ];
  const producerIds = [
    await publish(ann, "microphone", rtpParameters("opus")),
    await publish(ann, "camera", rtpParameters("vp8")),
    await publish(ann, "screen", rtpParameters("vp8")),
  ];
  return { room, ann, bob, producerIds };
}

const subscribe = (client: ProtocolClient, producerIds: string[]) =>
  client.command("producers.subscribe", { producerIds });

describe("a peer's commands that make something", () => {
  it("are answered when it is made", async () => {
    const { room, bob, producerIds } = await meet();
    expect(await subscribe(bob, producerIds)).toEqual({});
    expect(cluster.resourcesOf(room)).toMatchObject({ consumer: 3 });
  });

  it("wait for each other, and nothing else waits for them", async () => {
    const { bob, producerIds } = await meet();
    const own = await publish(bob, "microphone", rtpParameters("opus"));
    const answered: string[] = [];
    const note = (name: string) => () => void answered.push(name);
    const [first = "", second = "", third = ""] = producerIds;
    await Promise.all([
      subscribe(bob, [first]).then(note("first")),
      subscribe(bob, [second]).then(note("second")),
      subscribe(bob, [third]).then(note("third")),
      bob.command("producer.pause", { producerId: own }).then(note("pause")),
    ]);
    expect(answered.slice(-2)).toEqual(["second", "third"]);
    expect(bob.view.consumers.size).toBe(3);
  });

  it("name what the budget leaves out, and are refused before anything is made when nothing is left", async () => {
    const { room, bob, producerIds } = await meet();
    const some = producerIds.slice(0, 2);
    for (let spent = 0; spent < EXTRA; spent += some.length) {
      await subscribe(bob, some);
      await bob.command("producers.unsubscribe", { producerIds: some });
    }
    const { refused } = await subscribe(bob, producerIds);
    expect(refused).toEqual(producerIds.slice(1).map((producerId) => ({ producerId, ...LIMITED })));
    await expect(subscribe(bob, producerIds)).rejects.toMatchObject(LIMITED);
    expect(cluster.resourcesOf(room)).toMatchObject({ consumer: 1 });
  });

  it("count also when they are undone: producers, of media and of data", async () => {
    const { room, bob } = await meet();
    for (let made = 0; made < 3; made += 1) {
      const producerId = await publish(bob, "camera", rtpParameters("vp8"));
      await bob.command("producer.close", { producerId });
    }
    await expect(publish(bob, "camera", rtpParameters("vp8"))).rejects.toMatchObject(LIMITED);
    const open = () =>
      bob.command("data_producer.create", { label: "chat", sctpStreamParameters: { streamId: 1 } });
    for (let made = 0; made < 2; made += 1) await bob.command("data_producer.close", await open());
    await expect(open()).rejects.toMatchObject(LIMITED);
    expect(cluster.resourcesOf(room)).toMatchObject({ producer: 3 });
  });

  it("count what the others get because of them", async () => {
    const { ann: listener, bob: sender, producerIds } = await meet();
    const some = producerIds.slice(0, 2);
    for (let spent = 0; spent < EXTRA; spent += some.length) {
      await subscribe(sender, some);
      await sender.command("producers.unsubscribe", { producerIds: some });
    }
    const producerId = await publish(sender, "microphone", rtpParameters("opus"));
    await listener.until(() => listener.view.consumers.size === 1, "its consumer");
    await sender.command("producer.close", { producerId });
    await expect(publish(sender, "microphone", rtpParameters("opus"))).rejects.toMatchObject(LIMITED);
  });
});

it("ICE restarts, key frames and switches of a peer are bounded, and a pause is not", async () => {
  const { bob, producerIds } = await meet();
  await subscribe(bob, producerIds);
  const { id: transportId } = bob.joined.receiveTransport;
  const restart = () => bob.command("transport.restart_ice", { transportId });
  await restart();
  await expect(restart()).rejects.toMatchObject(LIMITED);

  await bob.until(() => bob.view.consumers.size === 3, "consumers");
  const consumerIds = [...bob.view.consumers.keys()];
  const [consumerId = ""] = consumerIds;
  const askForKeyFrame = () => bob.command("consumer.request_key_frame", { consumerId });
  await askForKeyFrame();
  await expect(askForKeyFrame()).rejects.toMatchObject(LIMITED);

  for (let spent = 0; spent + 3 <= EXTRA + 1; spent += 3)
    await bob.command("consumers.resume", { consumerIds });
  await expect(bob.command("consumers.resume", { consumerIds })).rejects.toMatchObject(LIMITED);
  await bob.command("consumers.pause", { consumerIds });
});

it("a new session has what the identity's earlier ones have left", async () => {
  const room = cluster.newRoom();
  const publishCamera = async (client: ProtocolClient) => ({
    producerId: await publish(client, "camera", rtpParameters("vp8")),
  });
  const first = await cluster.join(room, "ann");
  for (let made = 0; made < 3; made += 1) await first.command("producer.close", await publishCamera(first));
  await first.command("session.leave", {});
  await expect(publishCamera(await cluster.join(room, "ann"))).rejects.toMatchObject(LIMITED);
});

it("an identity joins a room so often; a join that is sent again counts, and after a move all may come back", async () => {
  const room = cluster.newRoom();
  const join = (options = {}) => cluster.join(room, "ann", options);
  await join();
  const ticket = await cluster.ticket(room, "ann");
  const joinAgain = () => ProtocolClient.join(cluster.url, { ticket, joinId: "the-same-join" });
  const ann = await joinAgain();
  for (let repeats = 0; repeats < 2; repeats += 1) expect((await joinAgain()).peerId).toBe(ann.peerId);
  await expect(joinAgain()).rejects.toMatchObject(LIMITED);
  await expect(join()).rejects.toMatchObject(LIMITED);
  const { body } = await cluster.api("GET", `/v1/rooms/${room}/peers`);
  expect(body.peers.map(({ peerId }: { peerId: string }) => peerId)).toEqual([ann.peerId]);

  await cluster.api("PUT", `/v1/rooms/${room}/bans/ann`);
  await expect(join()).rejects.toMatchObject({ code: "banned" });
  await cluster.api("DELETE", `/v1/rooms/${room}/bans/ann`);
  await expect(join()).rejects.toMatchObject(LIMITED);

  const { placement } = await cluster.room(room);
  process.kill(cluster.node.workerPids()[placement?.core ?? 0] ?? expect.fail("no worker"), "SIGKILL");
  const isMoved = async () => (await cluster.room(room)).placement?.epoch !== placement?.epoch;
  await expect.poll(isMoved, { timeout: 10_000 }).toBe(true);
  await join();
});
