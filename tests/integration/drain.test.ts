import { callEveryNode, callNode, decodeText } from "@fairlead/bus";
import { parseJson, RoomControl, subjects } from "@fairlead/protocol";
import { type LogFields, type Logger, silentLogger } from "@fairlead/telemetry";
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
const PEERS = ["ann", "bob", "cem", "dee", "eve"];

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
    expect(hit).not.toHaveLength(0);
    const drained = leaving.drain({ deadlineMs: 6_000 });
    expect(leaving.state).toBe("draining");
    await Promise.all(hit.map((room) => comeBack(cluster, room, meetings.get(room) ?? [])));
    await drained;
    expect(leaving.roomCount).toBe(0);
    expect(await leaving.dump()).toEqual(
      leaving.workerPids().map(() => expect.stringContaining("webrtc_server:")),
    );
    for (const room of ROOMS) {
      expect(await cluster.nodeOf(room)).toBe(staying);
      await expectSame(cluster, room, meetings.get(room) ?? []);
    }
    for (const clients of meetings.values())
      for (const client of clients) expect(client.isConnected).toBe(true);
    expect(await statesOf(cluster)).toEqual({ "node-1": "draining", "node-2": "ready" });
    expect(cluster.bugs).toEqual([]);
  });

  it("says how long it goes on with a room's media; the next place tells it whom it has to silence meanwhile", async () => {
    let laterMs = 0;
    const cluster = await start({ nodes: 2, now: () => Date.now() + laterMs });
    const clients = await meet(cluster, "one");
    const told: RoomControl[] = [];
    cluster.bus.subscribe(subjects.roomControl("one"), ({ data }) => {
      told.push(parseJson(RoomControl, decodeText(data)));
    });
    void (await cluster.nodeOf("one")).drain({ deadlineMs: 60_000 });
    await comeBack(cluster, "one", clients);
    const [ann = expect.fail(), bob = expect.fail()] = clients;
    expect(ann.framesOf("moved")).toMatchObject([
      { overlapMs: told[0]?.type === "moved" && told[0].overlapMs },
    ]);
    expect(ann.framesOf("moved")[0]?.overlapMs).toBeGreaterThan(5_000);
    const peer = (client: ProtocolClient) => `/v1/rooms/one/peers/${client.joined.peerId}`;
    await cluster.api("POST", `${peer(ann)}/mute`, { source: "microphone", muted: true });
    await cluster.api("POST", `${peer(ann)}/mute`, { source: "microphone", muted: false });
    await cluster.api("DELETE", peer(bob));
    laterMs = 10_500;
    await cluster.api("POST", `${peer(ann)}/mute`, { source: "microphone", muted: true });
    const { epoch } = ann.joined;
    expect(told.filter(({ type }) => type === "moderated")).toEqual([
      { type: "moderated", roomId: "one", epoch, identity: "ann", source: "microphone" },
      { type: "moderated", roomId: "one", epoch, identity: "bob" },
    ]);
    expect(cluster.bugs).toEqual([]);
  });

  it("hands them over one after the other, the next when the peers of the last are back", async () => {
    const cluster = await start({ nodes: 2 });
    const [leaving = expect.fail("no node")] = cluster.nodes;
    for (const room of ROOMS) await Promise.all(PEERS.map((peer) => cluster.join(room, peer)));
    const rooms = leaving.roomCount;
    expect(rooms).toBeGreaterThan(1);
    const left: number[] = [];
    cluster.bus.subscribe(subjects.everyRoomControl, () => left.push(leaving.roomCount));
    await leaving.drain({ deadlineMs: 60_000 });
    expect(left).toEqual(Array.from({ length: rooms }, (_, index) => rooms - 1 - index));
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

  it("says at once that there is no room elsewhere, for all rooms in one line, and again while it lasts", async () => {
    let laterMs = 0;
    const told: LogFields[] = [];
    const warn = (event: string, fields: LogFields = {}) =>
      void (event === "drain.no_place" && told.push(fields));
    const log: Logger = { ...silentLogger, warn, child: () => log };
    const cluster = await start({ nodes: 1, log, now: () => Date.now() + laterMs });
    for (const room of ["one", "two"]) await cluster.join(room, "ann");
    await callNode(cluster.bus, cluster.node.incarnation, "node.drain", {});
    await expect.poll(() => told).toMatchObject([{ rooms: 2, error: { code: "no_capacity" } }]);
    laterMs = 10_000;
    await expect.poll(() => told).toMatchObject([{ rooms: 2 }, { rooms: 2 }]);
    expect(cluster.bugs).toEqual([]);
  });

  it("goes on draining for an operator when a program ends its own drain", async () => {
    const cluster = await start({ nodes: 2 });
    const { incarnation } = cluster.node;
    const tell = async (name: "node.drain" | "node.undrain", by?: string) => {
      const { state, ...answer } = await callNode(cluster.bus, incarnation, name, { by });
      return [state, answer.by];
    };
    expect(await tell("node.drain", "autoscaler")).toEqual(["draining", "autoscaler"]);
    await expect
      .poll(async () => (await cluster.nodeStatus())?.drain)
      .toMatchObject({ by: "autoscaler", lingering: 0 });
    expect(await tell("node.undrain", "another")).toEqual(["draining", "autoscaler"]);
    expect(await tell("node.undrain", "autoscaler")).toEqual(["ready", undefined]);
    await tell("node.drain", "autoscaler");
    expect(await tell("node.drain")).toEqual(["draining", undefined]);
    expect(await tell("node.drain", "autoscaler")).toEqual(["draining", undefined]);
    expect(await tell("node.undrain", "autoscaler")).toEqual(["draining", undefined]);
    expect(await tell("node.undrain")).toEqual(["ready", undefined]);
    expect(cluster.bugs).toEqual([]);
  });

  it("keeps what it has, and takes rooms again, once the drain is cancelled", async () => {
    const cluster = await start({ nodes: 2 });
    await meetAll(cluster, ROOMS);
    const { incarnation, nodeId } = cluster.node;
    const here = await Promise.all(ROOMS.map(async (room) => (await cluster.nodeOf(room)) === cluster.node));
    const pinned = ROOMS.find((_, index) => here[index]) ?? expect.fail("no room there");
    const rooms = cluster.node.roomCount;
    await cluster.api("PUT", `/v1/rooms/${pinned}`, { nodeId });
    const state = await callNode(cluster.bus, incarnation, "node.drain", {});
    expect(state).toEqual({ state: "draining", rooms });
    await expect.poll(() => cluster.node.roomCount).toBe(1);
    expect(await callNode(cluster.bus, incarnation, "node.undrain", {})).toEqual({
      state: "ready",
      rooms: 1,
    });
    await expect.poll(async () => (await cluster.nodeStatus())?.state).toBe("ready");
    expect(await cluster.nodeOf(pinned)).toBe(cluster.node);
    for (const room of ["g", "h", "i"]) await cluster.join(room, "ann");
    expect(cluster.node.roomCount).toBeGreaterThan(1);
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
    // All at once: a new place that nobody comes to is given back.
    const moved = [...meetings].filter(([, clients]) =>
      clients.some((one) => one.framesOf("moved").length > 0),
    );
    await Promise.all(moved.map(([room, clients]) => comeBack(cluster, room, clients)));
    for (const [room, clients] of meetings) await expectSame(cluster, room, clients);
    expect(cluster.bugs).toEqual([]);
  });
});
