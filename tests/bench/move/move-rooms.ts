import type { ProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import type { ProtocolClient } from "../../support/protocol-client.ts";
import { quantile, rounded } from "../quantiles.ts";

const PEERS = ["ann", "bob", "cid", "dee"];
const WITHIN_MS = 20_000;
const LEASE_POLL_MS = 50;
const STRANGERS = 40;
const STRANGER_PAUSE_MS = 50;

type Meeting = { room: string; clients: ProtocolClient[] };

/**
 * Drains a node with so many rooms of four protocol clients, who join again as they hear of their move.
 * @returns How many rooms had another lease, and all of their peers, within 20 s; and what joins took at their next node then, beside those
 * before: a stranger's there, one after the other, and the peers' own, of whom four come at once.
 */
export async function moveRooms(cluster: ProcessCluster, count: number) {
  const [node, target] = cluster.nodes;
  if (!node || !target) throw new Error("no two nodes");
  const joinsMs: number[] = [];
  const meetings: Meeting[] = [];
  for (let index = 0; index < count; index++) meetings.push(await meet(cluster, node.name, joinsMs));
  const stranger = await enterAsStranger(cluster, target.name);
  const usualMs: number[] = [];
  while (usualMs.length < STRANGERS) usualMs.push(await stranger());
  const thenMs: number[] = [];
  let isMoving = true;
  const joining = (async () => {
    while (isMoving) thenMs.push(await stranger());
  })();
  const startedMs = performance.now();
  await cluster.api("POST", `/v1/nodes/${node.name}/drain`);
  const rejoinsMs: number[] = [];
  const movedMs = await Promise.all(
    meetings.map(async (meeting) => {
      await Promise.all(meeting.clients.map((client) => comeBack(client, rejoinsMs)));
      await untilElsewhere(cluster, meeting.room, node.name);
      return performance.now() - startedMs;
    }),
  );
  isMoving = false;
  await joining;
  await cluster.api("DELETE", `/v1/nodes/${node.name}/drain`);
  await Promise.all(meetings.flatMap(({ clients }) => clients.map((client) => client.leave())));
  const ratioOf = (then: number[], usual: number[]) => rounded(quantile(then, 0.5) / quantile(usual, 0.5));
  return {
    rooms: count,
    roomsOf4In20s: movedMs.filter((ms) => ms <= WITHIN_MS).length,
    lastRoomMs: Math.round(Math.max(...movedMs)),
    joinOverUsual: ratioOf(thenMs, usualMs),
    rejoinOverUsual: ratioOf(rejoinsMs, joinsMs),
  };
}

async function meet(cluster: ProcessCluster, nodeId: string, joinsMs: number[]): Promise<Meeting> {
  const room = cluster.newRoom();
  await cluster.api("PUT", `/v1/rooms/${room}`, { nodeId });
  const clients: ProtocolClient[] = [];
  for (const name of PEERS) {
    const startedMs = performance.now();
    clients.push(await cluster.join(room, name));
    joinsMs.push(performance.now() - startedMs);
  }
  await cluster.api("PUT", `/v1/rooms/${room}`, {});
  return { room, clients };
}

/** @returns Joins in a room on that node and leaves it, and says how long the join took, ms. */
async function enterAsStranger(cluster: ProcessCluster, nodeId: string): Promise<() => Promise<number>> {
  const room = cluster.newRoom();
  await cluster.api("PUT", `/v1/rooms/${room}`, { nodeId });
  let strangers = 0;
  return async () => {
    strangers += 1;
    const startedMs = performance.now();
    // One alone may not join so often.
    const client = await cluster.join(room, `stranger-${strangers}`);
    const tookMs = performance.now() - startedMs;
    await client.leave();
    await new Promise((resolve) => setTimeout(resolve, STRANGER_PAUSE_MS));
    return tookMs;
  };
}

async function comeBack(client: ProtocolClient, rejoinsMs: number[]): Promise<void> {
  await client.until(() => client.framesOf("moved").length > 0, "moved", 10 * WITHIN_MS);
  const startedMs = performance.now();
  await client.rejoin();
  rejoinsMs.push(performance.now() - startedMs);
}

async function untilElsewhere(cluster: ProcessCluster, room: string, nodeId: string): Promise<void> {
  for (;;) {
    const { placement } = await cluster.room(room);
    if (placement && placement.nodeId !== nodeId) return;
    await new Promise((resolve) => setTimeout(resolve, LEASE_POLL_MS));
  }
}
