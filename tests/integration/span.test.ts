import { callNode } from "@fairlead/bus";
import { subjects } from "@fairlead/protocol";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type MemoryCluster, startMemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { expectAgreement } from "./expect-agreement.ts";
import { publish } from "./publish.ts";

type Place = "home" | "guest";
type MoreOptions = { busyLoad?: number; now?: () => number };

/** A node of two cores that seats peers as `plan` says, the first one first; at home after that. */
async function start(plan: Place[], { busyLoad, now }: MoreOptions = {}): Promise<MemoryCluster> {
  const chooseCore = (home: number, usable: readonly number[]) => {
    const wanted = plan.shift() ?? "home";
    const chosen =
      wanted === "home" ? usable.find((core) => core === home) : usable.find((core) => core !== home);
    return chosen ?? usable[0] ?? expect.fail("no core is usable");
  };
  const seats = { chooseCore, ...(busyLoad === undefined ? {} : { busyLoad }) };
  const cluster = await startMemoryCluster({ cores: 2, seats, now });
  onTestFinished(async () => {
    expect(cluster.bugs).toEqual([]);
    await cluster.close();
  });
  return cluster;
}

const ROOM = "one";
const NAMES = ["ann", "bob", "cleo"];

/** Ann and Cleo sit at home, Bob on the other core; each has a microphone and a camera. */
async function meetOnTwoCores(
  cluster: MemoryCluster,
): Promise<[ProtocolClient, ProtocolClient, ProtocolClient]> {
  const ann = await cluster.join(ROOM, "ann");
  const bob = await cluster.join(ROOM, "bob");
  const cleo = await cluster.join(ROOM, "cleo");
  await Promise.all([ann, bob, cleo].map(publishAll));
  for (const client of [ann, bob, cleo]) await untilConsumers(client, 4);
  return [ann, bob, cleo];
}

async function publishAll(client: ProtocolClient): Promise<void> {
  await publish(client, "microphone", rtpParameters("opus"));
  await publish(client, "camera", rtpParameters("vp8", { rids: ["a", "b", "c"] }));
}

function untilConsumers(client: ProtocolClient, count: number): Promise<void> {
  return client.until(() => client.view.consumers.size === count, `${count} consumers`);
}

/** Peers of each core, as the registry hears of them. */
async function peersByCore(cluster: MemoryCluster) {
  const status = await cluster.nodeStatus();
  return status?.cores.map(({ core, peers, rooms }) => ({ core, peers, rooms }));
}

async function homeOf(cluster: MemoryCluster) {
  return (await cluster.room(ROOM)).placement ?? expect.fail("the room has no place");
}

function killCore(cluster: MemoryCluster, core: number): void {
  process.kill(cluster.node.workerPids()[core] ?? expect.fail("the core has no worker"), "SIGKILL");
}

/** How often anybody was told that the room is elsewhere. */
function countMoves({ bus }: MemoryCluster) {
  const moves = { count: 0 };
  const subscription = bus.subscribe(subjects.roomControl(ROOM), () => {
    moves.count += 1;
  });
  onTestFinished(() => subscription.unsubscribe());
  return moves;
}

async function untilSessionGone(client: ProtocolClient): Promise<void> {
  await client.until(() => client.framesOf("error").length > 0, "the end of the session");
  expect(client.framesOf("error").map(({ error }) => error.code)).toEqual(["session_gone"]);
}

/** Until a new worker runs the node has no place for anybody, and a socket that has not joined is closed. */
async function joinAgain(client: ProtocolClient): Promise<void> {
  if (!client.isConnected) await client.connect();
  await client.rejoin();
}

describe("a room on two cores", () => {
  it("has everybody's media, data, pauses, mutes and layers on both, and the ledger knows all of it", async () => {
    const cluster = await start(["home", "guest", "home"]);
    const [ann, bob, cleo] = await meetOnTwoCores(cluster);
    await expectAgreement(cluster);
    const { core } = await homeOf(cluster);
    const seats = [
      { core, peers: 2, rooms: 1 },
      { core: 1 - core, peers: 1, rooms: 0 },
    ].sort((a, b) => a.core - b.core);
    await expect.poll(() => peersByCore(cluster)).toEqual(seats);
    expect(await cluster.room(ROOM)).toMatchObject({ peers: 3, producers: 6, consumers: 12 });

    // Simulcast goes through the pipe as such.
    const camera = [...bob.view.consumers.values()].find((one) => one.kind === "video") ?? expect.fail();
    expect(camera.rtpParameters).toMatchObject({
      encodings: [{ scalabilityMode: expect.stringMatching(/^L3/) }],
    });
    const { consumerId } = camera;
    expect(await bob.command("consumers.resume", { consumerIds: [consumerId] })).toEqual({});
    expect(await bob.command("consumer.set_preferred_layers", { consumerId, spatialLayer: 1 })).toEqual({});
    expect(await bob.command("consumer.request_key_frame", { consumerId })).toEqual({});

    const data = await bob.command("data_producer.create", {
      label: "chat",
      sctpStreamParameters: { streamId: 0 },
    });
    for (const client of [ann, cleo]) {
      await client.until(() => client.view.dataConsumers.size === 1, "a data consumer");
      expect([...client.view.dataConsumers.values()][0]).toMatchObject({
        ...data,
        peerId: bob.peerId,
        label: "chat",
      });
    }
    const screen = await publish(bob, "screen", rtpParameters("vp8"));
    for (const client of [ann, cleo]) await untilConsumers(client, 5);
    await expectAgreement(cluster);

    await ann.command("peer.mute", { peerId: bob.peerId, source: "microphone", muted: true });
    await bob.command("producer.pause", { producerId: screen });
    await cleo.until(() => cleo.view.summary().includes("bob screen paused"), "a paused screen");
    expect(cleo.view.summary()).toContain("bob microphone paused");
    // A newcomer on either core is told of the origin's pauses.
    const dee = await cluster.join(ROOM, "dee");
    await untilConsumers(dee, 7);
    const paused = [...dee.view.consumers.values()].filter(({ producerPaused }) => producerPaused);
    expect(paused.map(({ source }) => source).sort()).toEqual(["microphone", "screen"]);

    await bob.command("producer.close", { producerId: screen });
    for (const client of [ann, cleo]) await untilConsumers(client, 4);
    await bob.leave();
    for (const client of [ann, cleo]) await untilConsumers(client, 2);
    await expectAgreement(cluster);
    expect((await callNode(cluster.bus, cluster.node.incarnation, "node.surplus", {})).surplus).toEqual([]);
    await cluster.api("DELETE", `/v1/rooms/${ROOM}`);
    await expectAgreement(cluster);
    expect(cluster.node.ledger().map(({ kind }) => kind)).toEqual(["webrtc_server", "webrtc_server"]);
  });

  it("that closes while peers come and publish leaves nothing behind, at whatever moment", async () => {
    const cluster = await start(
      Array.from({ length: 64 }, (_, index) => (index % 2 === 0 ? "home" : "guest")),
    );
    for (let round = 0; round < 8; round += 1) {
      const first = await cluster.join(ROOM, "first");
      await publishAll(first);
      const joins = NAMES.map(async (name) => {
        const client = await cluster.join(ROOM, `${name}-${round}`);
        const isOver = () => client.framesOf("error").length > 0;
        await Promise.race([publishAll(client), client.until(isOver, "the end of the room")]);
      });
      await new Promise((resolve) => setTimeout(resolve, round * 8));
      await cluster.api("DELETE", `/v1/rooms/${ROOM}`);
      await Promise.allSettled(joins);
      // Who came too late has opened it anew.
      await cluster.api("DELETE", `/v1/rooms/${ROOM}`);
      await expectAgreement(cluster);
      expect(cluster.node.ledger().map(({ kind }) => kind)).toEqual(["webrtc_server", "webrtc_server"]);
    }
  });
});

describe("a spanning room whose", () => {
  it("guest core dies goes on: only the peer that sat there has to come back, and nobody hears of a leave or move", async () => {
    const cluster = await start(["home", "guest", "home"]);
    const [ann, bob, cleo] = await meetOnTwoCores(cluster);
    const moves = countMoves(cluster);
    const before = await homeOf(cluster);
    const kept = [...ann.view.consumers.values()].filter(({ peerId }) => peerId === cleo.peerId);
    killCore(cluster, 1 - before.core);
    await untilSessionGone(bob);
    for (const client of [ann, cleo]) await untilConsumers(client, 2);
    expect([...ann.view.consumers.values()]).toEqual(kept);
    expect(await cluster.room(ROOM)).toMatchObject({ peers: 3, producers: 4, consumers: 4 });
    await bob.rejoin();
    await publishAll(bob);
    for (const client of [ann, bob, cleo]) await untilConsumers(client, 4);
    for (const client of [ann, cleo]) {
      expect(client.framesOf("error")).toEqual([]);
      expect(client.events.filter(({ event }) => event.name === "peer.left")).toEqual([]);
    }
    expect(await homeOf(cluster)).toEqual(before);
    expect(moves.count).toBe(0);
    await expectAgreement(cluster);
  });

  it("home dies goes on from another core, under a higher epoch in the registry and the same in its sessions", async () => {
    const cluster = await start(["home", "guest", "guest"]);
    const [ann, bob, cleo] = await meetOnTwoCores(cluster);
    const moves = countMoves(cluster);
    const before = await homeOf(cluster);
    killCore(cluster, before.core);
    await untilSessionGone(ann);
    await ann.rejoin();
    await publishAll(ann);
    for (const client of [ann, bob, cleo]) await untilConsumers(client, 4);
    await expect.poll(async () => (await homeOf(cluster)).core).toBe(1 - before.core);
    expect((await homeOf(cluster)).epoch).toBeGreaterThan(before.epoch);
    // Sessions and their commands go on.
    for (const client of [bob, cleo]) {
      expect(client.joined.epoch).toBe(before.epoch);
      const microphone = [...client.view.producers.values()].find(
        ({ peerId, source }) => peerId === client.peerId && source === "microphone",
      );
      await client.command("producer.pause", { producerId: microphone?.producerId ?? "" });
      client.drop();
      await client.resume();
      expect(client.framesOf("error")).toEqual([]);
      expect(client.events.filter(({ event }) => event.name === "peer.left")).toEqual([]);
    }
    expect(moves.count).toBe(0);
    // The API finds it by the epoch that the registry has.
    expect((await cluster.api("DELETE", `/v1/rooms/${ROOM}/peers/${cleo.peerId}`)).status).toBe(204);
    await expectAgreement(cluster);
  });

  it("cores die both comes back with everybody, placed anew", async () => {
    const cluster = await start(["home", "guest", "home"]);
    const clients = await meetOnTwoCores(cluster);
    const before = await homeOf(cluster);
    killCore(cluster, before.core);
    killCore(cluster, 1 - before.core);
    for (const client of clients) {
      const isTold = () => client.framesOf("moved").length + client.framesOf("error").length > 0;
      await client.until(isTold, "told");
      await vi.waitFor(() => joinAgain(client), { timeout: 20_000, interval: 200 });
      await publishAll(client);
    }
    for (const client of clients) await untilConsumers(client, 4);
    expect((await homeOf(cluster)).epoch).toBeGreaterThan(before.epoch);
    expect(await cluster.room(ROOM)).toMatchObject({ peers: 3, producers: 6, consumers: 12 });
    await expectAgreement(cluster);
  });
});

it("a guest of a core that stays busy joins anew, alone: the others have its media until then, and nothing of it is left", async () => {
  let laterMs = 0;
  const cluster = await start(["home", "guest", "home"], { busyLoad: -1, now: () => Date.now() + laterMs });
  const [ann, bob] = await meetOnTwoCores(cluster);
  const moves = countMoves(cluster);
  const [{ peerId }, before] = [bob.joined, cluster.resourcesOf(ROOM)];
  const seats = () =>
    cluster.node
      .ledger()
      .filter(({ kind, owner }) => kind === "transport" && owner?.peerId === peerId)
      .map(({ owner }) => owner?.core);
  const { core: home } = await homeOf(cluster);
  expect(seats()).toEqual([1 - home, 1 - home]);
  // The node looks about once a second, and must have seen it busy before.
  const later = () => {
    const told = bob.framesOf("error").length;
    if (told === 0) laterMs += 10_500;
    return told;
  };
  await expect.poll(later, { interval: 1_100, timeout: 10_000 }).toBe(1);
  await untilSessionGone(bob);
  expect(bob.framesOf("error")[0]?.error.detail).toEqual({ overlapMs: expect.any(Number) });
  // As where its socket is lost just then.
  await expect(bob.resume()).rejects.toMatchObject({ detail: { overlapMs: expect.any(Number) } });
  expect(ann.view.consumers.size).toBe(4);
  expect(seats()).toHaveLength(2);
  await bob.rejoin();
  expect(bob.joined.peerId).toBe(peerId);
  // Its former transports never connected: they end with its return.
  expect(seats()).toEqual([home, home]);
  await ann.until(() => ann.view.consumers.size === 2, "the end of the former tracks");
  await publishAll(bob);
  for (const client of [ann, bob]) await untilConsumers(client, 4);
  expect(cluster.resourcesOf(ROOM)).toEqual(before);
  expect([moves.count, ann.framesOf("error")]).toEqual([0, []]);
});
