import { subjects } from "@fairlead/protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import { type MemoryCluster, startMemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { comeBack, expectSame, meet, rejoin } from "./meetings.ts";
import { publish } from "./publish.ts";

async function startWith(cores: number): Promise<MemoryCluster> {
  // All of a room sit on one core: `span.test.ts` has the deaths under rooms on two.
  const cluster = await startMemoryCluster({ cores, seats: {} });
  onTestFinished(cluster.close);
  return cluster;
}

async function killWorkerOf(cluster: MemoryCluster, room: string, signal: NodeJS.Signals) {
  const { placement } = await cluster.room(room);
  if (!placement) return expect.fail("the room has no place");
  const pid = cluster.node.workerPids()[placement.core] ?? expect.fail("the core has no worker");
  process.kill(pid, signal);
  return { ...placement, pid };
}

/** Resolves when the room is open elsewhere and its peers are told. */
function moveOf({ bus }: MemoryCluster, room: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const control = bus.subscribe(subjects.roomControl(room), () => resolve());
  return promise.finally(() => control.unsubscribe());
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
      .poll(async () => (await cluster.nodeStatus())?.cores.every((core) => core.usable), {
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

  it("together with the node's only other one is outlived by every room and every peer", async () => {
    const cluster = await startWith(2);
    const rooms = ["a", "b", "c", "d", "e", "f"];
    const meetings: ProtocolClient[][] = [];
    for (const room of rooms) meetings.push(await meet(cluster, room));
    const moves = Promise.all(rooms.map((room) => moveOf(cluster, room)));
    for (const pid of cluster.node.workerPids())
      process.kill(pid ?? expect.fail("a core has no worker"), "SIGKILL");
    await moves;
    await Promise.all(rooms.map((room, index) => comeBack(cluster, room, meetings[index] ?? [])));
    for (const [index, room] of rooms.entries()) await expectSame(cluster, room, meetings[index] ?? []);
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
  it("and is killed while the API mutes somebody: it says so, and the mute holds where the room is next", async () => {
    const cluster = await startWith(2);
    const clients = await meet(cluster, "one");
    const [ann = expect.fail("nobody met")] = clients;
    const { pid } = await killWorkerOf(cluster, "one", "SIGSTOP");
    const path = `/v1/rooms/one/peers/${ann.peerId}/mute`;
    const muting = cluster.api("POST", path, { source: "microphone" });
    await ann.until(() => ann.view.mutedSources.has("microphone"), "told");
    process.kill(pid, "SIGKILL");
    expect(await muting).toMatchObject({ status: 409, body: { error: { code: "lease_lost" } } });
    await Promise.all(clients.map(rejoin));
    await ann.until(() => ann.view.mutedSources.has("microphone"), "told again");
    expect(cluster.bugs).toEqual([]);
  });

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

  it("ends the session of a command in flight, on a socket that stays open for the next join", async () => {
    const cluster = await startWith(2);
    const ann = await cluster.join("one", "ann");
    await killWorkerOf(cluster, "one", "SIGSTOP");
    const inFlight = publish(ann, "microphone", rtpParameters("opus"));
    await expect(inFlight).rejects.toMatchObject({ code: "session_gone" });
    expect(ann.framesOf("error").map(({ error }) => error.code)).toEqual(["session_gone"]);
    expect(ann.isConnected).toBe(true);
    const { epoch } = ann.joined;
    await ann.rejoin();
    expect(ann.joined.epoch).toBeGreaterThan(epoch);
    await publish(ann, "microphone", rtpParameters("opus"));
    expect(cluster.bugs).toEqual([]);
  });

  it("does not keep the node from closing", async () => {
    const cluster = await startMemoryCluster({ cores: 1 });
    await cluster.join("one", "ann");
    const { pid } = await killWorkerOf(cluster, "one", "SIGSTOP");
    await cluster.close();
    expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });
});
