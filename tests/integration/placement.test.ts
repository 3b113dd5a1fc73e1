import { describe, expect, it } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { useMemoryCluster } from "./use-memory-cluster.ts";

let cluster: MemoryCluster;
useMemoryCluster(
  (started) => {
    cluster = started;
  },
  { cores: 2 },
);

async function roomsByCore(rooms: string[]): Promise<number[]> {
  const placements = await Promise.all(rooms.map(async (room) => (await cluster.room(room)).placement));
  return [0, 1].map((core) => placements.filter((placement) => placement?.core === core).length);
}

describe("rooms on two cores", () => {
  it("spread evenly, one after the other and all at once", async () => {
    const rooms = Array.from({ length: 6 }, () => cluster.newRoom());
    for (const room of rooms) await cluster.join(room, "ann");
    expect(await roomsByCore(rooms)).toEqual([3, 3]);
    const more = Array.from({ length: 6 }, () => cluster.newRoom());
    await Promise.all(more.map((room) => cluster.join(room, "ann")));
    expect(await roomsByCore([...rooms, ...more])).toEqual([6, 6]);
  });

  it("are where the least-loaded core was, and the API says so", async () => {
    const room = cluster.newRoom();
    await cluster.join(room, "ann");
    const { placement, decision } = await cluster.room(room);
    expect(placement).toMatchObject({ nodeId: cluster.node.nodeId, incarnation: cluster.node.incarnation });
    expect(decision?.reason).toBe("least_loaded");
    expect(decision?.candidates).toEqual([
      { nodeId: cluster.node.nodeId, core: placement?.core, load: expect.any(Number) },
    ]);
    expect(decision?.candidates[0]?.load).toBeGreaterThan(0);
  });

  it("stay where they are when twenty peers come at once", async () => {
    const room = cluster.newRoom();
    const names = Array.from({ length: 20 }, (_, index) => `peer-${index}`);
    const clients = await Promise.all(names.map((name) => cluster.join(room, name)));
    expect(new Set(clients.map((client) => client.joined.epoch)).size).toBe(1);
    expect((await cluster.room(room)).peers).toBe(20);
    for (const client of clients) await client.until(() => client.view.peers.size === 20, "everybody");
    expect(cluster.resourcesOf(room)).toEqual({ router: 1, transport: 40 });
  });

  it("are listed in pages with their places", async () => {
    const first = (await cluster.api("GET", "/v1/rooms?limit=5")).body;
    expect(first.rooms).toHaveLength(5);
    const next = (await cluster.api("GET", `/v1/rooms?limit=5&cursor=${first.cursor}`)).body;
    const ids = [...first.rooms, ...next.rooms].map((room: { roomId: string }) => room.roomId);
    expect(new Set(ids).size).toBe(10);
    for (const room of first.rooms) expect(room.placement.nodeId).toBe(cluster.node.nodeId);
  });
});
