import { setTimeout as delay } from "node:timers/promises";
import { type ProcessCluster, startProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import { ProtocolClient } from "../../support/protocol-client.ts";
import { quantile, rounded, summarize } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { idleSockets } from "./idle-sockets.ts";
import { measureCommands } from "./measure-commands.ts";
import { cpuMsOf, residentKbOf } from "./process-cost.ts";

const DEFAULTS = { warmup: 4_000, joins: 2_000, atOnce: 20, rooms: 100, commands: 2_000, idle: 5_000 };
/** More than the machine has: the registry reserves for every peer what a camera would cost, and these have none. */
const CORES = 24;
const FIRST_IDLE = 1_000;
/**
 * All clients come from one address, that of the balancer, which may have as many connections as it likes. The counting of joins
 * goes on, and costs what it costs.
 */
const NO_LIMITS = {
  FAIRLEAD_LIMIT_ADDRESS: "1000000/60",
  FAIRLEAD_LIMIT_ROOM: "1000000/60",
  FAIRLEAD_TRUSTED_PROXIES: "1",
};
/** Until garbage of the joins is collected, or would have been. */
const SETTLE_MS = 8_000;

/** One signaling process over real NATS and Redis with a real media node: joins, commands, idle sockets. */
export async function runSignalingBench(args: string[]): Promise<Record<string, unknown>> {
  const counts = readCounts(args, DEFAULTS);
  const cluster = await startProcessCluster({
    name: "bench-signaling",
    signaling: 1,
    nodes: 1,
    cores: CORES,
    env: NO_LIMITS,
  });
  try {
    const rooms = Array.from({ length: counts.rooms }, () => cluster.newRoom());
    await joinAndLeave(cluster, rooms, counts.warmup, counts.atOnce);
    const joins = await measureJoins(cluster, rooms, counts.joins, counts.atOnce);
    const commands = await measureCommands(cluster, counts.commands);
    const memory = await measureIdle(cluster, counts.idle);
    return report({ ...joins, ...commands, ...memory });
  } finally {
    await cluster.close();
  }
}

type Joins = { joinsPerSecond: number; signalingCpuMsPerJoin: number; signalingCpuMsPerLeave: number };

async function measureJoins(
  cluster: ProcessCluster,
  rooms: string[],
  count: number,
  atOnce: number,
): Promise<Joins> {
  const { joiningMs, joinCpuMs, leaveCpuMs } = await joinAndLeave(cluster, rooms, count, atOnce);
  return {
    joinsPerSecond: (count * 1_000) / joiningMs,
    signalingCpuMsPerJoin: joinCpuMs / count,
    signalingCpuMsPerLeave: leaveCpuMs / count,
  };
}

/**
 * Joins `atOnce` at a time, each with a socket of its own; then they leave.
 * @returns Milliseconds of joining, and of the signaling process's CPU in either.
 */
async function joinAndLeave(cluster: ProcessCluster, rooms: string[], count: number, atOnce: number) {
  const pid = cluster.signalings[0]?.pid() ?? 0;
  const spent = { joiningMs: 0, joinCpuMs: 0, leaveCpuMs: 0 };
  for (let done = 0; done < count; done += atOnce) {
    const numbers = Array.from({ length: Math.min(atOnce, count - done) }, (_, index) => done + index);
    const tickets = await Promise.all(
      numbers.map((number) => cluster.ticket(rooms[number % rooms.length] ?? "", `peer-${number}`)),
    );
    const beginMs = performance.now();
    const cpuBefore = await cpuMsOf(pid);
    const clients = await Promise.all(tickets.map((ticket) => ProtocolClient.join(cluster.url, { ticket })));
    spent.joiningMs += performance.now() - beginMs;
    const cpuJoined = await cpuMsOf(pid);
    await Promise.all(clients.map((client) => client.leave()));
    spent.joinCpuMs += cpuJoined - cpuBefore;
    spent.leaveCpuMs += (await cpuMsOf(pid)) - cpuJoined;
  }
  return spent;
}

type Memory = { kbPerSocket: Record<string, number> };

async function measureIdle(cluster: ProcessCluster, most: number): Promise<Memory> {
  const pid = cluster.signalings[0]?.pid() ?? 0;
  await delay(SETTLE_MS);
  const emptyKb = await residentKbOf(pid);
  const sockets = idleSockets(cluster);
  const kbPerSocket: Record<string, number> = {};
  for (const count of [Math.min(FIRST_IDLE, most), most]) {
    await sockets.grow(count);
    await delay(SETTLE_MS);
    kbPerSocket[count] = ((await residentKbOf(pid)) - emptyKb) / count;
  }
  sockets.close();
  return { kbPerSocket };
}

function report(
  figures: Joins & Memory & { command: number[]; bareNats: number[] },
): Record<string, unknown> {
  const { joinsPerSecond, signalingCpuMsPerJoin, signalingCpuMsPerLeave } = figures;
  const { kbPerSocket, command, bareNats } = figures;
  console.log("Milliseconds, one at a time:");
  console.table({ "command over WebSocket": summarize(command), "bare NATS request": summarize(bareNats) });
  const ratio = (share: number) => rounded(quantile(command, share) / quantile(bareNats, share));
  const memory = Object.entries(kbPerSocket);
  const perSocket = memory.map(([count, kb]) => `${rounded(kb)} KB at ${count}`).join(", ");
  console.log(
    `${rounded(joinsPerSecond)} joins/s; ${rounded(signalingCpuMsPerJoin)} ms of signaling's CPU for a join, ` +
      `${rounded(signalingCpuMsPerLeave)} for its leave; ` +
      `an idle socket: ${perSocket}`,
  );
  return {
    joinsPerSecond: rounded(joinsPerSecond),
    signalingCpuMsPerJoin: rounded(signalingCpuMsPerJoin),
    signalingCpuMsPerLeave: rounded(signalingCpuMsPerLeave),
    commandOverBareNats: ratio(0.5),
    commandOverBareNatsP99: ratio(0.99),
    kbPerIdleSocket: rounded(memory.at(-1)?.[1] ?? Number.NaN),
    kbPerIdleSocketBy: Object.fromEntries(memory.map(([count, kb]) => [count, rounded(kb)])),
  };
}
