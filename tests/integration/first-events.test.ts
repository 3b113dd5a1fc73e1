import { decodeText } from "@fairlead/bus";
import { parseJson, SessionMessage, subjects } from "@fairlead/protocol";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type MemoryCluster, startMemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";
import { askToJoin } from "./calls-by-bus.ts";
import { rejoin } from "./meetings.ts";

let cluster: MemoryCluster;
beforeAll(async () => {
  // On one core, so that a worker's death moves the room.
  cluster = await startMemoryCluster({ cores: 2, seats: {} });
});
afterAll(() => cluster.close());

/** Names of the events that the node sends, by session, until `count` sessions have had their snapshot. */
function listenToSessions(count: number): Promise<Map<string, string[]>> {
  const { promise, resolve } = Promise.withResolvers<Map<string, string[]>>();
  const bySession = new Map<string, string[]>();
  const listening = cluster.bus.subscribe(subjects.session("*"), ({ subject, data }) => {
    const message = parseJson(SessionMessage, decodeText(data));
    if (message.type !== "events") return;
    const names = message.events.map(({ event }) => event.name);
    bySession.set(subject, [...(bySession.get(subject) ?? []), ...names]);
    const complete = [...bySession.values()].filter((all) => all.includes("snapshot.ended"));
    if (complete.length === count) resolve(bySession);
  });
  return promise.finally(() => listening.unsubscribe());
}

it("the first event of each of 50 joins in one turn of the event loop is its snapshot", async () => {
  const room = cluster.newRoom();
  const events = listenToSessions(50);
  const placement = await cluster.registry.place({ roomId: room });
  const tickets = await Promise.all(
    Array.from({ length: 50 }, (_, index) => cluster.ticket(room, `peer-${index}`)),
  );
  const joins = tickets.map((ticket) => askToJoin(cluster, room, { ticket }, placement));
  const replies = await Promise.all(joins);
  const bySession = await events;
  for (const { sessionId } of replies) {
    const names = bySession.get(subjects.session(sessionId)) ?? [];
    expect(names[0]).toBe("snapshot.started");
    expect(names.filter((name) => name === "snapshot.started")).toHaveLength(1);
  }
  expect(cluster.bugs).toEqual([]);
});

it("after each of 8 worker deaths four peers come back as who they were, and hear of nobody who left", async () => {
  const room = cluster.newRoom();
  const names = ["ann", "bob", "cleo", "dan"];
  const clients = await Promise.all(names.map((name) => cluster.join(room, name)));
  const before = await settledPeers(clients);
  for (let death = 0; death < 8; death += 1) {
    await killWorker(room, clients);
    await Promise.all(clients.map(rejoin));
    expect(await settledPeers(clients)).toEqual(before);
    for (const client of clients) {
      const joined = client.frames.lastIndexOf(client.joined);
      const [first] = client.frames.slice(joined).filter(({ type }) => type === "event");
      expect(first).toMatchObject({ event: { name: "snapshot.started" } });
    }
    for (const client of clients) client.frames.length = 0;
  }
  for (const client of clients) {
    const left = client.events.filter(({ event }) => event.name === "peer.left");
    expect(left).toEqual([]);
  }
  expect(cluster.bugs).toEqual([]);
}, 60_000);

/** What each client knows of everybody, itself included, once all know of all; the same for all. */
async function settledPeers(clients: readonly ProtocolClient[]) {
  const peersOf = (client: ProtocolClient) =>
    [...client.view.peers.values()].sort((a, b) => (a.peerId < b.peerId ? -1 : 1));
  for (const client of clients)
    await client.until(() => client.view.peers.size === clients.length, "everybody");
  const [first = expect.fail("nobody"), ...others] = clients.map(peersOf);
  for (const other of others) expect(other).toEqual(first);
  return first;
}

async function killWorker(room: string, [client]: readonly ProtocolClient[]): Promise<void> {
  const { placement } = await cluster.room(room);
  const pid = cluster.node.workerPids()[placement?.core ?? 0] ?? expect.fail("the core has no worker");
  process.kill(pid, "SIGKILL");
  const epochNow = async () => (await cluster.room(room)).placement?.epoch ?? 0;
  await expect.poll(epochNow, { timeout: 10_000 }).toBeGreaterThan(client?.joined.epoch ?? 0);
}
