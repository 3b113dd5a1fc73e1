import { setTimeout as delay } from "node:timers/promises";
import { startStandalone } from "../processes/start-standalone.ts";
import { rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { cpuMsOf, residentKbOf } from "../signaling/process-cost.ts";
import { roomsOfOne } from "./rooms-of-one.ts";

const DEFAULTS = { rooms: 300, warmup: 100, seconds: 20, settle: 5 };

/** What `npm start` costs while nothing happens: its CPU without a room, and the memory of rooms of one silent peer. */
export async function runIdleBench(args: string[]): Promise<Record<string, unknown>> {
  const { rooms, warmup, seconds, settle } = readCounts(args, DEFAULTS);
  const server = await startStandalone({ FAIRLEAD_CORES: "1" });
  const peers = roomsOfOne(server);
  const residentKb = async () => {
    await delay(settle * 1_000);
    return { server: await residentKbOf(server.pid), worker: await residentKbOf(server.workerPid(0)) };
  };
  try {
    await delay(settle * 1_000);
    const idleCpuPercent = await cpuPercentOf(server.pid, seconds);
    await peers.grow(warmup);
    const before = await residentKb();
    await peers.grow(warmup + rooms);
    const after = await residentKb();
    const serverKbPerRoom = rounded((after.server - before.server) / rooms);
    const workerKbPerRoom = rounded((after.worker - before.worker) / rooms);
    const roomsCpuPercent = await cpuPercentOf(server.pid, seconds);
    console.log(
      `the server of npm start: ${idleCpuPercent} % of a core without a room, ${roomsCpuPercent} % with ${warmup + rooms} rooms of one ` +
        `silent peer; each room ${serverKbPerRoom} KB there and ${workerKbPerRoom} KB in its worker`,
    );
    return { idleCpuPercent, roomsCpuPercent, serverKbPerRoom, workerKbPerRoom };
  } finally {
    peers.close();
    await server.close();
  }
}

async function cpuPercentOf(pid: number, seconds: number): Promise<number> {
  const [cpuMs, startedMs] = [await cpuMsOf(pid), performance.now()];
  await delay(seconds * 1_000);
  return rounded((((await cpuMsOf(pid)) - cpuMs) / (performance.now() - startedMs)) * 100);
}
