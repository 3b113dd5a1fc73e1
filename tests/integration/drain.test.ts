import { callEveryNode, callNode } from "@fairlead/bus";
import { subjects } from "@fairlead/protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type MemoryCluster,
  type MemoryClusterOptions,
  startMemoryCluster,
} from "../support/clusters/start-memory-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";
import { askToJoin } from "./calls-by-bus.ts";
import { comeBack, expectSame, meet } from "./meetings.ts";

async function start(options: MemoryClusterOptions): Promise<MemoryCluster> {
  const cluster = await startMemoryCluster({ cores: 1, ...options });
  onTestFinished(cluster.close);
  return cluster;
}

const ROOMS = ["a", "b", "c", "d", "e", "f"];

async function meetAll(cluster: MemoryCluster, rooms: string[]): Promise<Map<string, ProtocolClient[]>> {
  const meetings = new Map<string, ProtocolClient[]>();
  for (const room of rooms) meetings.set(room, await meet(cluster, room));
  return meetings;
}

async function statesOf({ bus }: MemoryCluster) {
  const answers = await callEveryNode(bus, subjects.nodes, "node.describe", {}, { timeoutMs: 100 });
  return Object.fromEntries(answers.map(({ nodeId, state }) => [nodeId, state]));
}

describe("a draining node", () => {
  it("hands its rooms to others on open sockets, and is empty then", async () => {
    const cluster = await start({ nodes: 2 });
    const meetings = await meetAll(cluster, ROOMS);
    const [leaving, staying] = cluster.nodes;
    if (!leaving || !staying) return expect.fail();
    const places = await Promise.all(ROOMS.map((room) => cluster.nodeOf(room)));
    const hit = ROOMS.filter((_, index) => places[index] === leaving);
    expect(hit).toHaveLength(3);
    const drained = leaving.drain({ deadlineMs: 6_000 });
    expect(leaving.state).toBe("draining");
    await Promise.all(hit.map((room) => comeBack(cluster, room, meetings.get(room) ?? [])));
    await drained;
    expect(leaving.roomCount).toBe(0);
    expect(await leaving.dump()).toEqual([expect.stringContaining("webrtc_server:")]);
    for (const room of ROOMS) {
      expect(await cluster.nodeOf(room)).toBe(staying);
      await expectSame(cluster, room, meetings.get(room) ?? []);
    }
    for (const clients of meetings.values())
      for (const client of clients) expect(client.isConnected).toBe(true);
    expect(await statesOf(cluster)).toEqual({ "node-1": "draining", "node-2": "ready" });
    expect(cluster.bugs).toEqual([]);
  });

  it("hands them over one after the other, not all at once", async () => {
    const cluster = await start({ nodes: 2 });
    const [leaving] = cluster.nodes;
    for (const room of ROOMS) await cluster.join(room, "ann");
    const before = leaving?.roomCount ?? 0;
    const startMs = performance.now();
    const moves: number[] = [];
    cluster.bus.subscribe(subjects.everyRoomControl, () => moves.push(performance.now() - startMs));
    await leaving?.drain({ deadlineMs: 3_000 });
    expect(moves).toHaveLength(before);
    // Half the time there is, with equal pauses: three rooms half a second apart.
    expect(moves[2]).toBeGreaterThan(900);
    expect(cluster.bugs).toEqual([]);
  });

  it("refuses new rooms once the registry knows, and lets peers into those that it still has", async () => {
    const cluster = await start({ nodes: 1 });
    await cluster.join("old", "ann");
    const placed = await cluster.registry.place({ roomId: "new" });
    void cluster.node.drain({ deadlineMs: 60_000 });
    const ticket = await cluster.ticket("new", "ann");
    await expect(askToJoin(cluster, "new", { ticket }, placed)).rejects.toMatchObject({
      code: "node_draining",
    });
    expect((await cluster.nodeStatus())?.state).toBe("draining");
    await expect(cluster.registry.place({ roomId: "new" })).rejects.toMatchObject({ code: "no_capacity" });
    await cluster.join("old", "bob");
    expect(cluster.resourcesOf("old")).toMatchObject({ transport: 4 });
    expect(cluster.resourcesOf("new")).toEqual({});
    cluster.node.undrain();
    // Somebody else may have the lease that was given back.
    const late = askToJoin(cluster, "new", { ticket }, placed);
    await expect(late).rejects.toMatchObject({ code: "lease_lost" });
    expect(cluster.bugs).toEqual([]);
  });

  it("tries rooms again that find no place, until the deadline; then it has them still", async () => {
    const cluster = await start({ nodes: 1 });
    const clients = await meet(cluster, "one");
    await cluster.node.drain({ deadlineMs: 1_500 });
    expect(cluster.node.roomCount).toBe(1);
    for (const client of clients) expect(client.framesOf("moved")).toEqual([]);
    await expectSame(cluster, "one", clients);
    expect(cluster.bugs).toEqual([]);
  });

  it("keeps what it has, and takes rooms again, once the drain is cancelled", async () => {
    const cluster = await start({ nodes: 2 });
    await meetAll(cluster, ROOMS);
    const { incarnation } = cluster.node;
    const state = await callNode(cluster.bus, incarnation, "node.drain", {});
    expect(state).toEqual({ state: "draining", rooms: 3 });
    // Without a deadline rooms go at an easy pace, the first at once.
    await expect.poll(() => cluster.node.roomCount).toBe(2);
    expect(await callNode(cluster.bus, incarnation, "node.undrain", {})).toEqual({
      state: "ready",
      rooms: 2,
    });
    await expect.poll(async () => (await cluster.nodeStatus())?.state).toBe("ready");
    for (const room of ["g", "h", "i"]) await cluster.join(room, "ann");
    expect(cluster.node.roomCount).toBeGreaterThan(2);
    expect(cluster.bugs).toEqual([]);
  });

  it("whose process is ending is not kept from it by the API", async () => {
    const cluster = await start({ nodes: 1 });
    await meet(cluster, "one");
    let isOver = false;
    const drained = cluster.node.drain({ deadlineMs: 1_500 }).then(() => {
      isOver = true;
    });
    const undrain = () => callNode(cluster.bus, cluster.node.incarnation, "node.undrain", {});
    expect(await undrain()).toEqual({ state: "draining", rooms: 1 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(isOver).toBe(false);
    cluster.node.undrain();
    await drained;
    expect(cluster.node.state).toBe("ready");
  });

  it("drained by the API without end, then told to end, hands over the rest by that deadline", async () => {
    const cluster = await start({ nodes: 2 });
    const meetings = await meetAll(cluster, ROOMS);
    await callNode(cluster.bus, cluster.node.incarnation, "node.drain", {});
    await cluster.node.drain({ deadlineMs: 2_000 });
    expect(cluster.node.roomCount).toBe(0);
    for (const [room, clients] of meetings) {
      const [client = expect.fail()] = clients;
      if (client.framesOf("moved").length > 0) await comeBack(cluster, room, clients);
      await expectSame(cluster, room, clients);
    }
    expect(cluster.bugs).toEqual([]);
  });
});
