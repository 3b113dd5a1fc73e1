import type { ProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import type { ProtocolClient } from "../../support/protocol-client.ts";
import { quantile, rounded } from "../quantiles.ts";

const PEERS = ["ann", "bob", "cid", "dee"];
const WITHIN_MS = 20_000;
const LEASE_POLL_MS = 50;

type Meeting = { room: string; clients: ProtocolClient[] };

/**
 * Drains a node with so many rooms of four protocol clients, who join again as they hear of their move.
 * @returns How many rooms had another lease, and all of their peers, within 20 s; and what a join took there beside one before.
 */
export async function moveRooms(cluster: ProcessCluster, count: number) {
  const [node] = cluster.nodes;
  if (!node) throw new Error("no node");
  const joinsMs: number[] = [];
  const meetings: Meeting[] = [];
  for (let index = 0; index < count; index++) meetings.push(await meet(cluster, node.name, joinsMs));
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
  await cluster.api("DELETE", `/v1/nodes/${node.name}/drain`);
  await Promise.all(meetings.flatMap(({ clients }) => clients.map((client) => client.leave())));
  const ratio = quantile(rejoinsMs, 0.5) / quantile(joinsMs, 0.5);
  return {
    rooms: count,
    roomsOf4In20s: movedMs.filter((ms) => ms <= WITHIN_MS).length,
    lastRoomMs: Math.round(Math.max(...movedMs)),
    joinOverUsual: rounded(ratio),
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
