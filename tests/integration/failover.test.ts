import { type Lease, parseJson, RoomControl, subjects } from "@fairlead/protocol";
import { describe, expect, it, onTestFinished } from "vitest";
import {
  type MemoryCluster,
  type MemoryClusterOptions,
  startMemoryCluster,
} from "../support/clusters/start-memory-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";
import { comeBack, expectSame, meet, rejoin } from "./meetings.ts";

async function start(options: MemoryClusterOptions): Promise<MemoryCluster> {
  const cluster = await startMemoryCluster({ cores: 1, ...options });
  onTestFinished(cluster.close);
  return cluster;
}

/** Every `moved` that is told from now on. */
function listenToMoves({ bus }: MemoryCluster): Lease[] {
  const moves: Lease[] = [];
  bus.subscribe(subjects.everyRoomControl, ({ data }) => {
    const control = parseJson(RoomControl, new TextDecoder().decode(data));
    if (control.type === "moved") moves.push(control.lease);
  });
  return moves;
}

const ROOMS = ["a", "b", "c", "d", "e", "f", "g", "h"];

describe("a node that nobody hears of any more", () => {
  it("loses its rooms to the others within three seconds, and every peer comes back", async () => {
    const cluster = await start({ nodes: 3 });
    const meetings = new Map<string, ProtocolClient[]>();
    for (const room of ROOMS) meetings.set(room, await meet(cluster, room));
    const dead = await cluster.nodeOf("a");
    const places = await Promise.all(ROOMS.map((room) => cluster.nodeOf(room)));
    const hit = ROOMS.filter((_, index) => places[index] === dead);
    const moves = listenToMoves(cluster);
    const killedMs = Date.now();
    cluster.kill(dead);
    await Promise.all(hit.map((room) => comeBack(cluster, room, meetings.get(room) ?? [])));
    // Nobody answers for it on the bus, so it does not take the three seconds that a busy node has.
    for (const { epoch } of moves) expect(epoch - killedMs).toBeLessThan(2_900);
    for (const room of ROOMS) {
      expect(await cluster.nodeOf(room)).not.toBe(dead);
      await expectSame(cluster, room, meetings.get(room) ?? []);
    }
    expect(new Set(moves.map(({ roomId }) => roomId))).toEqual(new Set(hit));
    expect(cluster.bugs).toEqual([]);
  });

  it("yields what it still has once it comes back, and its old peers disturb nobody", async () => {
    const cluster = await start({ nodes: 2 });
    const clients = await meet(cluster, "one");
    const late = await cluster.nodeOf("one");
    cluster.kill(late);
    await comeBack(cluster, "one", clients);
    const errors = () => clients.flatMap((client) => client.framesOf("error"));
    const before = errors();
    expect(cluster.resourcesOf("one", late)).toMatchObject({ router: 1, transport: 4 });
    late.busLink.restore();
    late.registryLink.restore();
    await expect.poll(() => cluster.resourcesOf("one", late), { timeout: 5_000 }).toEqual({});
    expect(errors()).toEqual(before);
    await expectSame(cluster, "one", clients);
    expect(await late.dump()).toEqual(cluster.ledger(late));
    expect(cluster.bugs).toEqual([]);
  });

  it("that was only cut from the registry, and answers on the bus, has three seconds", async () => {
    const cluster = await start({ nodes: 2 });
    await meet(cluster, "one");
    const busy = await cluster.nodeOf("one");
    busy.registryLink.cut();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    busy.registryLink.restore();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await cluster.nodeOf("one")).toBe(busy);
    expect(cluster.bugs).toEqual([]);
  });
});

it("a join that takes a room from a node which is late tells everybody who is still there", async () => {
  const cluster = await start({ nodes: 2 });
  const clients = await meet(cluster, "one");
  const late = await cluster.nodeOf("one");
  late.registryLink.cut();
  const steal = () => cluster.registry.place({ roomId: "one", suspect: late.incarnation });
  await expect
    .poll(async () => (await steal()).lease.incarnation, { timeout: 2_500 })
    .not.toBe(late.incarnation);
  await cluster.join("one", "cleo");
  await Promise.all(clients.map(rejoin));
  for (const client of clients) await client.until(() => client.view.peers.size === 3, "everybody");
  expect(await cluster.nodeOf("one")).not.toBe(late);
  expect(cluster.bugs).toEqual([]);
});

describe("a node yields a room", () => {
  it("when it hears that another has it, also while it can't ask the registry", async () => {
    const cluster = await start({ nodes: 2 });
    const [ann] = await meet(cluster, "one");
    const node = await cluster.nodeOf("one");
    const { lease } = (await cluster.registry.describeRoom("one")) ?? expect.fail();
    node.registryLink.cut();
    const tell = (moved: Partial<Lease>) => {
      const data = new TextEncoder().encode(JSON.stringify({ type: "moved", lease: { ...lease, ...moved } }));
      cluster.bus.publish(subjects.roomControl("one"), data);
    };
    const other = { nodeId: "another", incarnation: "another-run" };
    // Neither a lower epoch nor its own lease are evidence.
    tell({ ...other, epoch: (lease?.epoch ?? 0) - 1 });
    tell({ epoch: (lease?.epoch ?? 0) + 1 });
    tell({ ...other, epoch: (lease?.epoch ?? 0) + 1 });
    await expect.poll(() => cluster.resourcesOf("one", node)).toEqual({});
    await ann?.until(() => ann.framesOf("moved").length > 0, "moved");
  });

  it("not because a renewal fails", async () => {
    const cluster = await start({ nodes: 1 });
    const clients = await meet(cluster, "one");
    cluster.node.registryLink.cut();
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    await expect(clients[0]?.command("session.leave", {})).resolves.toEqual({});
    expect(clients[1]?.isConnected).toBe(true);
    expect(cluster.resourcesOf("one")).toMatchObject({ router: 1, transport: 2 });
  });
});

it("a room that the registry renews under a higher epoch goes on, and nobody notices", async () => {
  const cluster = await start({ nodes: 1 });
  const clients = await meet(cluster, "one");
  const before = (await cluster.registry.describeRoom("one"))?.lease ?? expect.fail();
  // Somebody else claims it, and is gone: the room is placed anew where it is.
  await cluster.registry.release(before);
  const again = await cluster.registry.place({ roomId: "one" });
  expect(again.lease).toEqual({ ...before, epoch: again.lease.epoch });
  expect(again.lease.epoch).toBeGreaterThan(before.epoch);
  const cleo = await cluster.join("one", "cleo");
  expect(cleo.joined.epoch).toBe(again.lease.epoch);
  for (const client of clients) {
    await client.until(() => client.view.peers.size === 3, "Cleo");
    expect(client.joined.epoch).toBe(before.epoch);
    expect(client.framesOf("moved")).toEqual([]);
  }
  expect(await cluster.room("one")).toMatchObject({ peers: 3, placement: { epoch: again.lease.epoch } });
  expect(cluster.bugs).toEqual([]);
});
