import { expect } from "vitest";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import type { ProtocolClient } from "../support/protocol-client.ts";
import { rtpParameters } from "../support/rtp-parameters.ts";
import { expectAgreement } from "./expect-agreement.ts";
import { publish } from "./publish.ts";

/** Two peers, who see each other's producers. */
export async function meet(cluster: MemoryCluster, room: string): Promise<ProtocolClient[]> {
  const clients = [await cluster.join(room, "ann"), await cluster.join(room, "bob")];
  await publishAll(clients);
  return clients;
}

async function publishAll(clients: ProtocolClient[]): Promise<void> {
  await Promise.all(clients.map((client) => publish(client, "microphone", rtpParameters("opus"))));
  for (const client of clients) await client.until(() => client.view.consumers.size === 1, "a consumer");
}

/** The room is placed anew; all are told, join again on their sockets and publish again. */
export async function comeBack(
  cluster: MemoryCluster,
  room: string,
  clients: ProtocolClient[],
  timeoutMs = 10_000,
): Promise<void> {
  const before = Math.max(...clients.map((client) => client.joined.epoch));
  const epoch = async () => (await cluster.room(room)).placement?.epoch ?? 0;
  await expect.poll(epoch, { timeout: timeoutMs }).toBeGreaterThan(before);
  await Promise.all(clients.map(rejoin));
  for (const client of clients) expect(client.joined.epoch).toBe(await epoch());
  await publishAll(clients);
}

/** A client that asked the node for something just then, if only by an acknowledgement, heard first that its session is gone. */
export async function rejoin(client: ProtocolClient): Promise<void> {
  const isTold = () => client.framesOf("moved").length + client.framesOf("error").length > 0;
  await client.until(isTold, "moved");
  expect(client.framesOf("error").map(({ error }) => error.code)).toEqual(
    client.framesOf("moved").length > 0 ? [] : ["session_gone"],
  );
  await client.rejoin();
}

const SUMMARY = ["ann", "ann microphone", "bob", "bob microphone"];
/** A command is answered before its events have come to everybody. */
const SETTLED = { timeout: 5_000, interval: 20 };

export async function expectSame(
  cluster: MemoryCluster,
  room: string,
  clients: ProtocolClient[],
): Promise<void> {
  for (const client of clients) await expect.poll(() => client.view.summary(), SETTLED).toEqual(SUMMARY);
  expect(await cluster.room(room)).toMatchObject({ peers: 2, producers: 2, consumers: 2 });
  await expectAgreement(cluster, await cluster.nodeOf(room));
}
