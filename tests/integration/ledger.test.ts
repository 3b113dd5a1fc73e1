import { RoomOptions } from "@fairlead/protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type MemoryCluster,
  type MemoryClusterOptions,
  startMemoryCluster,
} from "../support/clusters/start-memory-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { expectAgreement } from "./expect-agreement.ts";
import { usageOf, usedHeapBytes } from "./process-usage.ts";
import { publish } from "./publish.ts";

async function start(seats?: MemoryClusterOptions["seats"]): Promise<MemoryCluster> {
  // The same identities come and publish again and again.
  const off = { burst: 1e9, perSecond: 1e9 };
  const budgets = { joins: off, producers: off, consumers: off };
  const cluster = await startMemoryCluster({ cores: 2, graceMs: 1_000, budgets, seats });
  onTestFinished(cluster.close);
  return cluster;
}

const EMPTY_AT_ONCE = RoomOptions.parse({ emptyTimeoutMs: 0 });

describe("the ledger", () => {
  it("equals mediasoup's own dumps at every moment of a meeting", async () => {
    // All on one core: the room has one router.
    const cluster = await start({});
    await expectAgreement(cluster);
    const [ann, bob] = [await cluster.join("one", "ann"), await cluster.join("one", "bob")];
    await expectAgreement(cluster);
    const microphone = await publish(ann, "microphone", rtpParameters("opus"));
    await publish(ann, "camera", rtpParameters("vp8", { rids: ["a", "b", "c"] }));
    await bob.command("data_producer.create", { label: "chat", sctpStreamParameters: { streamId: 0 } });
    await bob.until(() => bob.view.consumers.size === 2, "consumers");
    await ann.until(() => ann.view.dataConsumers.size === 1, "a data consumer");
    expect(cluster.resourcesOf("one")).toEqual({
      router: 1,
      rtp_observer: 2,
      transport: 4,
      producer: 2,
      consumer: 2,
      data_producer: 1,
      data_consumer: 1,
    });
    await expectAgreement(cluster);
    await ann.command("producer.close", { producerId: microphone });
    await bob.until(() => bob.view.consumers.size === 1, "one consumer less");
    await expectAgreement(cluster);
    await bob.leave();
    expect(cluster.resourcesOf("one")).toMatchObject({ router: 1, transport: 2, producer: 1 });
    await expectAgreement(cluster);
    await cluster.api("DELETE", "/v1/rooms/one");
    expect(cluster.resourcesOf("one")).toEqual({});
    await expectAgreement(cluster);
  });

  it("names an owner for everything: a core, a room or a peer that is there", async () => {
    const cluster = await start();
    const clients = [await cluster.join("one", "ann"), await cluster.join("one", "bob")];
    for (const client of clients) await publish(client, "microphone", rtpParameters("opus"));
    for (const client of clients) await client.until(() => client.view.consumers.size === 1, "a consumer");
    const peerIds = clients.map((client) => client.peerId);
    for (const { kind, owner } of cluster.node.ledger()) {
      if (kind === "webrtc_server") expect(owner).toEqual({ core: expect.any(Number) });
      // Pipes between cores are the room's own.
      else expect([...peerIds, undefined]).toContain(owner?.peerId);
      if (kind !== "webrtc_server") expect(owner?.roomId).toBe("one");
    }
  });
});

/** Of 20 joins; more of them: `npm run test:long`. */
const ROUNDS = Number(process.env.FAIRLEAD_CHURN_ROUNDS ?? 20);
const ROOMS = ["churn-a", "churn-b", "churn-c", "churn-d"];
const PEERS_PER_ROOM = 5;
/** The allocators of mediasoup and V8 keep some freed memory: measured, less than a quarter of this. */
const WORKER_GROWTH_BYTES = 3_000_000;
const HEAP_GROWTH_BYTES = 6_000_000;

/** All come, publish and see each other; some leave, some close their socket, some just vanish. */
async function round(cluster: MemoryCluster, room: string, index: number): Promise<void> {
  const names = Array.from({ length: PEERS_PER_ROOM }, (_, peer) => `peer-${peer}`);
  const clients = await Promise.all(names.map((name) => cluster.join(room, name)));
  await Promise.all(clients.map((client) => publish(client, "microphone", rtpParameters("opus"))));
  await Promise.all(clients.map((client) => publish(client, "camera", rtpParameters("vp8"))));
  const others = 2 * (PEERS_PER_ROOM - 1);
  await Promise.all(
    clients.map((client) => client.until(() => client.view.consumers.size >= others, "consumers")),
  );
  await Promise.all(clients.map((client, peer) => part(client, index + peer)));
}

async function part(client: ProtocolClient, turn: number): Promise<void> {
  if (turn % 10 === 0) client.drop();
  else if (turn % 10 === 1) await client.close();
  else await client.leave();
}

async function measure({ node }: MemoryCluster) {
  const pids = node.workerPids().filter((pid) => pid !== null);
  return {
    heapBytes: usedHeapBytes(),
    node: await usageOf(process.pid),
    workers: await Promise.all(pids.map(usageOf)),
  };
}

describe("hundreds of joins and leaves", () => {
  it("leave no resource, socket, descriptor or memory behind", {
    timeout: 60_000 + ROUNDS * 5_000,
  }, async () => {
    const cluster = await start();
    for (const room of ROOMS) await cluster.registry.updateRoom(room, { options: EMPTY_AT_ONCE });
    const baseline = cluster.ledger();
    const rounds = async (from: number, to: number) => {
      for (let index = from; index < to; index++)
        await Promise.all(ROOMS.map((room) => round(cluster, room, index)));
      await expect.poll(() => cluster.ledger(), { timeout: 10_000 }).toEqual(baseline);
      await expectAgreement(cluster);
    };
    // The first rounds fill caches and pools that stay.
    await rounds(0, ROUNDS / 5);
    const before = await measure(cluster);
    await rounds(ROUNDS / 5, ROUNDS);
    const after = await measure(cluster);

    expect(after.node.sockets).toBe(before.node.sockets);
    expect(after.node.descriptors).toBe(before.node.descriptors);
    expect(after.heapBytes - before.heapBytes).toBeLessThan(HEAP_GROWTH_BYTES);
    for (const [index, worker] of after.workers.entries()) {
      const earlier = before.workers[index] ?? expect.fail("a worker was replaced");
      expect(worker.sockets).toBe(earlier.sockets);
      expect(worker.descriptors).toBe(earlier.descriptors);
      expect(worker.rssBytes - earlier.rssBytes).toBeLessThan(WORKER_GROWTH_BYTES);
    }
    expect(cluster.bugs).toEqual([]);
  });
});
