import { setTimeout as delay } from "node:timers/promises";
import type { Backend } from "../../runtimes/backend.ts";
import type { Instance, Runtime } from "../../runtimes/runtime.ts";
import { callApi } from "../../support/processes/call-api.ts";
import { ProtocolClient } from "../../support/protocol-client.ts";
import { idleSockets, PEERS_PER_ROOM } from "../signaling/idle-sockets.ts";
import { residentKbOf } from "../signaling/process-cost.ts";

/** Rooms that exist before a join is timed. */
const ROOMS = 10;
const SOCKETS = 64;
/** Of one socket. */
const IN_FLIGHT = 4;
/** Until garbage of what came before is collected, or would have been. */
const SETTLE_MS = 3_000;

export type EdgeCounts = {
  coldStarts: number;
  warmup: number;
  joins: number;
  commands: number;
  idle: number;
};

/** Times in ms. */
export type RuntimeFigures = {
  firstRequests: number[];
  joins: number[];
  commandsPerSecond: number;
  kbPerSocket: number;
};

/** One runtime after the other, on the same backend. */
export async function measureRuntime(
  backend: Backend,
  runtime: Runtime,
  counts: EdgeCounts,
): Promise<RuntimeFigures> {
  const instance = await backend.start(runtime, runtime.name);
  await measureJoins(backend, instance, counts.warmup);
  const figures = {
    joins: await measureJoins(backend, instance, counts.joins),
    commandsPerSecond: await measureCommands(backend, instance, counts.commands),
    kbPerSocket: await measureIdle(backend, instance, counts.idle),
  };
  await instance.close();
  return { ...figures, firstRequests: await measureColdStarts(backend, runtime, counts.coldStarts) };
}

/** A first join on instances that have just said that they listen, and have answered nothing yet. */
async function measureColdStarts(backend: Backend, runtime: Runtime, count: number): Promise<number[]> {
  const times: number[] = [];
  for (let start = 0; start < count; start += 1) {
    const instance = await runtime.start(backend.settings(runtime), `bench-edge/${runtime.name}-cold`);
    const { client, ms } = await timedJoin(backend, instance, backend.newRoom());
    times.push(ms);
    await client.leave();
    await instance.close();
  }
  return times;
}

/** One at a time, from opening the WebSocket to `joined`; each leaves, untimed. */
async function measureJoins(backend: Backend, instance: Instance, count: number): Promise<number[]> {
  const rooms = Array.from({ length: ROOMS }, () => backend.newRoom());
  const hosts = await Promise.all(rooms.map((room) => timedJoin(backend, instance, room)));
  const times: number[] = [];
  for (let done = 0; done < count; done += 1) {
    const { client, ms } = await timedJoin(backend, instance, rooms[done % ROOMS] ?? "");
    times.push(ms);
    await client.leave();
  }
  await Promise.all(hosts.map(({ client }) => client.leave()));
  return times;
}

async function timedJoin(backend: Backend, { url }: Instance, room: string) {
  const ticket = await backend.ticket({ room });
  const beginMs = performance.now();
  const client = await ProtocolClient.join(url, { ticket });
  return { client, ms: performance.now() - beginMs };
}

/**
 * Many sockets at once, each within the frames that a socket may send: what the runtime, NATS, the node and the bench's own
 * process make of it together.
 */
async function measureCommands(backend: Backend, instance: Instance, perSocket: number): Promise<number> {
  const joined = await Promise.all(
    Array.from({ length: SOCKETS }, () => timedJoin(backend, instance, backend.newRoom())),
  );
  const clients = joined.map(({ client }) => client);
  const sendAll = (count: number) => Promise.all(clients.map((client) => sendCommands(client, count)));
  await sendAll(Math.ceil(perSocket / 4));
  const beginMs = performance.now();
  await sendAll(perSocket);
  const tookMs = performance.now() - beginMs;
  await Promise.all(clients.map((client) => client.leave()));
  return (SOCKETS * perSocket * 1_000) / tookMs;
}

async function sendCommands(client: ProtocolClient, count: number): Promise<void> {
  const data = { producerIds: [crypto.randomUUID()] };
  const sendInTurn = async () => {
    for (let sent = 0; sent < count / IN_FLIGHT; sent += 1) await client.command("producers.subscribe", data);
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sendInTurn));
}

/** What the process grows by, ÷ sockets. */
async function measureIdle(backend: Backend, instance: Instance, count: number): Promise<number> {
  await delay(SETTLE_MS);
  const emptyKb = await residentKbOf(instance.pid());
  const ticket = (room: string, identity: string) => backend.ticket({ room, identity });
  const sockets = idleSockets({ url: instance.url, ticket });
  await sockets.grow(count);
  await delay(SETTLE_MS);
  const kb = (await residentKbOf(instance.pid())) - emptyKb;
  sockets.close();
  // The next runtime finds the node empty.
  for (let room = 0; room < count / PEERS_PER_ROOM; room += 1)
    await callApi(instance.url, backend.apiKey, { method: "DELETE", path: `/v1/rooms/idle-${room}` });
  return kb / count;
}
