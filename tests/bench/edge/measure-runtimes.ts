import { setTimeout as delay } from "node:timers/promises";
import type { Instance, Runtime } from "../../runtimes/runtime.ts";
import type { RuntimeCluster } from "../../runtimes/start-runtime-cluster.ts";
import { callApi } from "../../support/processes/call-api.ts";
import { ProtocolClient } from "../../support/protocol-client.ts";
import { idleSockets, PEERS_PER_ROOM } from "../signaling/idle-sockets.ts";
import { residentKbOf } from "../signaling/process-cost.ts";

/** Rooms that exist before a join is timed. */
const ROOMS = 10;
const SOCKETS = 64;
/** Of one socket. */
const IN_FLIGHT = 4;
/** Turns that the runtimes take at commands. */
const TURNS = 4;
/** Sockets that are there before memory is measured, so that code and buffers of the first ones don't count. */
const FIRST_IDLE = 100;
/** Until garbage of what came before is collected, or would have been. */
const SETTLE_MS = 3_000;

/** A runtime, and an instance that has served some joins. */
export type Subject = { runtime: Runtime; instance: Instance };
type PerRuntime<T> = Record<string, T>;

export async function startWarm(cluster: RuntimeCluster, runtime: Runtime, joins: number): Promise<Subject> {
  const instance = await cluster.start(runtime, runtime.name);
  const room = cluster.newRoom();
  for (let done = 0; done < joins; done += 1) await (await timedJoin(cluster, instance, room)).client.leave();
  return { runtime, instance };
}

/**
 * One at a time, the runtimes taking turns, so that all meet the same machine; each peer leaves, untimed.
 * @returns Milliseconds from opening the WebSocket to `joined`.
 */
export async function measureJoins(
  cluster: RuntimeCluster,
  subjects: readonly Subject[],
  count: number,
): Promise<PerRuntime<number[]>> {
  const rooms = Array.from({ length: ROOMS }, () => cluster.newRoom());
  const [first] = subjects;
  const hosts = await Promise.all(
    rooms.map((room) => timedJoin(cluster, first?.instance ?? { url: "" }, room)),
  );
  const times: PerRuntime<number[]> = Object.fromEntries(subjects.map(({ runtime }) => [runtime.name, []]));
  for (let turn = 0; turn < count; turn += 1)
    for (const { runtime, instance } of subjects) {
      const { client, ms } = await timedJoin(cluster, instance, rooms[turn % ROOMS] ?? "");
      times[runtime.name]?.push(ms);
      await client.leave();
    }
  await Promise.all(hosts.map(({ client }) => client.leave()));
  return times;
}

/** A first join on instances that have just said that they listen, and have answered nothing yet. */
export async function measureColdStarts(
  cluster: RuntimeCluster,
  runtimes: readonly Runtime[],
  count: number,
): Promise<PerRuntime<number[]>> {
  const times: PerRuntime<number[]> = Object.fromEntries(runtimes.map(({ name }) => [name, []]));
  for (let turn = 0; turn < count; turn += 1)
    for (const runtime of runtimes) {
      const instance = await runtime.start(cluster.settings(runtime), `bench-edge/${runtime.name}-cold`);
      const { client, ms } = await timedJoin(cluster, instance, cluster.newRoom());
      times[runtime.name]?.push(ms);
      await client.leave();
      await instance.close();
    }
  return times;
}

async function timedJoin(cluster: RuntimeCluster, { url }: Pick<Instance, "url">, room: string) {
  const ticket = await cluster.ticket({ room });
  const beginMs = performance.now();
  const client = await ProtocolClient.join(url, { ticket });
  return { client, ms: performance.now() - beginMs };
}

/**
 * Many sockets at once, each within the frames that a socket may send: what the runtime, NATS, the node and the bench's own
 * process make of it together.
 */
export async function measureCommands(
  cluster: RuntimeCluster,
  subjects: readonly Subject[],
  perSocket: number,
): Promise<PerRuntime<number>> {
  const clients = await Promise.all(subjects.map(({ instance }) => openSockets(cluster, instance)));
  const tookMs = subjects.map(() => 0);
  for (let turn = -1; turn < TURNS; turn += 1)
    for (const [index, sockets] of clients.entries()) {
      const beginMs = performance.now();
      await Promise.all(sockets.map((client) => sendCommands(client, perSocket / TURNS)));
      // The first turn warms up.
      if (turn >= 0) tookMs[index] = (tookMs[index] ?? 0) + performance.now() - beginMs;
    }
  await Promise.all(clients.flat().map((client) => client.leave()));
  const perSecond = (ms: number | undefined) => (SOCKETS * perSocket * 1_000) / (ms ?? Number.NaN);
  return Object.fromEntries(subjects.map(({ runtime }, index) => [runtime.name, perSecond(tookMs[index])]));
}

async function openSockets(cluster: RuntimeCluster, instance: Instance): Promise<ProtocolClient[]> {
  const sockets = Array.from({ length: SOCKETS }, () => timedJoin(cluster, instance, cluster.newRoom()));
  return (await Promise.all(sockets)).map(({ client }) => client);
}

async function sendCommands(client: ProtocolClient, count: number): Promise<void> {
  const data = { producerIds: [crypto.randomUUID()] };
  const sendInTurn = async () => {
    for (let sent = 0; sent < count / IN_FLIGHT; sent += 1) await client.command("producers.subscribe", data);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sendInTurn));
}

/** Growth of a fresh instance's process ÷ sockets, KB. */
export async function measureIdle(cluster: RuntimeCluster, runtime: Runtime, count: number): Promise<number> {
  const instance = await cluster.start(runtime, `${runtime.name}-idle`);
  const ticket = (room: string, identity: string) => cluster.ticket({ room, identity });
  const sockets = idleSockets({ url: instance.url, ticket });
  const residentKbAt = async (to: number) => {
    await sockets.grow(to);
    await delay(SETTLE_MS);
    return residentKbOf(instance.pid());
  };
  const before = await residentKbAt(FIRST_IDLE);
  const kb = (await residentKbAt(FIRST_IDLE + count)) - before;
  sockets.close();
  // The next runtime finds the node empty.
  for (let room = 0; room < (FIRST_IDLE + count) / PEERS_PER_ROOM; room += 1)
    await callApi(instance.url, cluster.apiKey, { method: "DELETE", path: `/v1/rooms/idle-${room}` });
  await instance.close();
  return kb / count;
}
