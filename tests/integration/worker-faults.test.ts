import { describe, expect, it, onTestFinished } from "vitest";
import type { ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { publish } from "./publish.ts";
import { type Cluster, startCluster } from "./start-cluster.ts";

async function startWith(cores: number): Promise<Cluster> {
  const cluster = await startCluster({ cores });
  onTestFinished(cluster.close);
  return cluster;
}

/** Two peers, who see each other's producers. */
async function meet(cluster: Cluster, room: string): Promise<ProtocolClient[]> {
  const clients = [await cluster.join(room, "ann"), await cluster.join(room, "bob")];
  await publishAll(clients);
  return clients;
}

async function publishAll(clients: ProtocolClient[]): Promise<void> {
  await Promise.all(clients.map((client) => publish(client, "microphone", rtpParameters("opus"))));
  for (const client of clients) await client.until(() => client.view.consumers.size === 1, "a consumer");
}

async function killWorkerOf(cluster: Cluster, room: string, signal: NodeJS.Signals) {
  const { placement } = await cluster.room(room);
  if (!placement) return expect.fail("the room has no place");
  const pid = cluster.node.workerPids()[placement.core] ?? expect.fail("the core has no worker");
  process.kill(pid, signal);
  return { ...placement, pid };
}

/** The room is placed anew; all are told, join again on their sockets and publish again. */
async function comeBack(cluster: Cluster, room: string, clients: ProtocolClient[]): Promise<void> {
  const before = Math.max(...clients.map((client) => client.joined.epoch));
  const epoch = async () => (await cluster.room(room)).placement?.epoch ?? 0;
  await expect.poll(epoch, { timeout: 10_000 }).toBeGreaterThan(before);
  await Promise.all(clients.map(rejoin));
  for (const client of clients) expect(client.joined.epoch).toBe(await epoch());
  await publishAll(clients);
}

/** Who asked the node for something just then, if only by an acknowledgement, heard first that its session is gone. */
async function rejoin(client: ProtocolClient): Promise<void> {
  const isTold = () => client.framesOf("moved").length + client.framesOf("error").length > 0;
  await client.until(isTold, "moved");
  expect(client.framesOf("error").map(({ error }) => error.code)).toEqual(
    client.framesOf("moved").length > 0 ? [] : ["session_gone"],
  );
  await client.rejoin();
}

const SUMMARY = ["ann", "ann microphone", "bob", "bob microphone"];

async function expectSame(cluster: Cluster, room: string, clients: ProtocolClient[]): Promise<void> {
  for (const client of clients) expect(client.view.summary()).toEqual(SUMMARY);
  expect(await cluster.room(room)).toMatchObject({ peers: 2, producers: 2, consumers: 2 });
  expect(await cluster.node.dump()).toEqual(cluster.ledger());
}

describe("a worker that is killed", () => {
  it("gives its rooms to another core, under a higher epoch, and their peers come back", async () => {
    const cluster = await startWith(2);
    const rooms = ["one", "two", "three"];
    const meetings: ProtocolClient[][] = [];
    for (const room of rooms) meetings.push(await meet(cluster, room));
    const [first = []] = meetings;
    const dead = await killWorkerOf(cluster, "one", "SIGKILL");
    await comeBack(cluster, "one", first);
    const { placement } = await cluster.room("one");
    expect(placement?.core).toBe(1 - dead.core);
    expect(placement?.epoch).toBe(first[0]?.joined.epoch);
    for (const [index, room] of rooms.entries()) {
      const clients = meetings[index] ?? [];
      const wasHit = (await cluster.room(room)).placement?.epoch !== clients[0]?.joined.epoch;
      if (wasHit) await comeBack(cluster, room, clients);
      await expectSame(cluster, room, clients);
    }
    expect(cluster.bugs).toEqual([]);
  });

  it("is replaced by a new one on the same core, which takes rooms again", async () => {
    const cluster = await startWith(2);
    await cluster.join("one", "ann");
    const dead = await killWorkerOf(cluster, "one", "SIGKILL");
    await expect.poll(() => cluster.node.workerPids()[dead.core], { timeout: 10_000 }).not.toBe(dead.pid);
    await expect
      .poll(async () => (await cluster.registry.listNodes())[0]?.cores.every((core) => core.usable), {
        timeout: 10_000,
      })
      .toBe(true);
    await cluster.join("two", "ann");
    await cluster.join("three", "ann");
    const cores = await Promise.all(
      ["two", "three"].map(async (room) => (await cluster.room(room)).placement),
    );
    expect(cores.map((placement) => placement?.core)).toContain(dead.core);
  });

  it("on a node of one core comes back on that core, with every room", async () => {
    const cluster = await startWith(1);
    const rooms = ["a", "b", "c", "d", "e", "f"];
    const meetings: ProtocolClient[][] = [];
    for (const room of rooms) meetings.push(await meet(cluster, room));
    const dead = await killWorkerOf(cluster, "a", "SIGKILL");
    await Promise.all(rooms.map((room, index) => comeBack(cluster, room, meetings[index] ?? [])));
    for (const [index, room] of rooms.entries()) {
      expect((await cluster.room(room)).placement?.core).toBe(0);
      await expectSame(cluster, room, meetings[index] ?? []);
    }
    expect(cluster.node.workerPids()).not.toContain(dead.pid);
    expect(cluster.bugs).toEqual([]);
  });

  it("while peers join lets them in all the same", async () => {
    const cluster = await startWith(2);
    await cluster.join("one", "first");
    const joins = Array.from({ length: 10 }, (_, index) => cluster.join("one", `peer-${index}`));
    await killWorkerOf(cluster, "one", "SIGKILL");
    const clients = await Promise.all(joins);
    const { placement } = await cluster.room("one");
    for (const client of clients) {
      if (client.joined.epoch === placement?.epoch) continue;
      await rejoin(client);
    }
    expect((await cluster.room("one")).peers).toBe(10);
    expect(cluster.bugs).toEqual([]);
  });
});

describe("a worker that hangs", () => {
  it("is killed after two seconds, and its room comes back on another core", async () => {
    const cluster = await startWith(2);
    const clients = await meet(cluster, "one");
    const stoppedAtMs = performance.now();
    const hung = await killWorkerOf(cluster, "one", "SIGSTOP");
    await comeBack(cluster, "one", clients);
    const { placement } = await cluster.room("one");
    for (const client of clients)
      expect(client.framesOf("moved")).toEqual([{ type: "moved", roomId: "one", epoch: placement?.epoch }]);
    expect(performance.now() - stoppedAtMs).toBeGreaterThan(2_000);
    expect(placement?.core).toBe(1 - hung.core);
    await expectSame(cluster, "one", clients);
    expect(() => process.kill(hung.pid, 0)).toThrow("ESRCH");
  });

  it("does not keep the node from closing", async () => {
    const cluster = await startCluster({ cores: 1 });
    await cluster.join("one", "ann");
    const { pid } = await killWorkerOf(cluster, "one", "SIGSTOP");
    await cluster.close();
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });
});
