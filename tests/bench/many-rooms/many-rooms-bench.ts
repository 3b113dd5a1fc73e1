import { setTimeout as delay } from "node:timers/promises";
import { startProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import { quantile, rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { SilentPeers } from "./silent-peers.ts";

const DEFAULTS = { rooms: 1_000, seconds: 60, cores: 2, relocated: 400, calm: 5 };
/** All peers come from one address. */
const NO_LIMITS = {
  FAIRLEAD_LIMIT_ADDRESS: "off",
  FAIRLEAD_LIMIT_ROOM: "off",
  FAIRLEAD_TRUSTED_PROXIES: "1",
};
/** As fast as one signaling process lets them in. */
const AT_ONCE = 10;
const RETRY_MS = 500;
const FILLED_WITHIN_MS = 120_000;

type Counts = typeof DEFAULTS;

/** Opens many rooms of one silent peer on idle cores, and kills a worker that has many of them. */
export async function runManyRoomsBench(args: string[]): Promise<Record<string, unknown>> {
  const counts = readCounts(args, DEFAULTS);
  const refused = await openMany(counts);
  const { rooms, backMs } = await relocateMany(counts);
  const lost = backMs.filter((ms) => !Number.isFinite(ms)).length;
  console.log(
    `${rooms} rooms on a killed worker, the node's only one: their peers were back after ${rounded(quantile(backMs, 0.5))} ms ` +
      `(median), the last after ${rounded(quantile(backMs, 1))} ms; ${lost} were not`,
  );
  const finite = (ms: number) => (Number.isFinite(ms) ? rounded(ms) : 15_000);
  return {
    refused,
    backP50Ms: finite(quantile(backMs, 0.5)),
    backMaxMs: finite(quantile(backMs, 1)),
    roomsOnKilledWorker: rooms,
  };
}

/** @returns How many rooms were refused. */
async function openMany({ rooms, seconds, cores }: Counts): Promise<number> {
  const cluster = await startProcessCluster({
    name: "bench-many-rooms",
    signaling: 1,
    nodes: 1,
    cores,
    env: NO_LIMITS,
  });
  const peers = new SilentPeers(cluster);
  try {
    const startedMs = performance.now();
    const joins: ReturnType<SilentPeers["join"]>[] = [];
    for (let room = 0; room < rooms; room += 1) {
      await delay(Math.max(0, startedMs + (room * seconds * 1_000) / rooms - performance.now()));
      joins.push(peers.join());
    }
    const codes = (await Promise.all(joins)).flatMap((refusal) => refusal?.code ?? []);
    const by = [...Map.groupBy(codes, (code) => code)].map(([code, all]) => `${code} ${all.length}`);
    console.log(
      `${rooms} rooms of one silent peer in ${seconds} s on ${cores} cores: ${codes.length} refused ${by.join(", ")}`,
    );
    return codes.length;
  } finally {
    peers.close();
    await cluster.close();
  }
}

/** Peers on their way count until their core's load is measured, so a core takes only some at once: the others try again. */
async function fill(peers: SilentPeers, count: number): Promise<void> {
  const deadlineMs = performance.now() + FILLED_WITHIN_MS;
  while (peers.count < count && performance.now() < deadlineMs) {
    const missing = Math.min(AT_ONCE, count - peers.count);
    const refusals = await Promise.all(Array.from({ length: missing }, () => peers.join()));
    if (refusals.some((refusal) => refusal !== null)) await delay(RETRY_MS);
  }
}

/** A node of one core, so that every room waits for the new worker. */
async function relocateMany({ relocated, calm }: Counts): Promise<{ rooms: number; backMs: number[] }> {
  const name = "bench-many-rooms-moved";
  const cluster = await startProcessCluster({ name, signaling: 1, nodes: 1, cores: 1, env: NO_LIMITS });
  const peers = new SilentPeers(cluster);
  try {
    await fill(peers, relocated);
    await delay(calm * 1_000);
    const [pid] = cluster.node("node-1").workerPids();
    const back = peers.untilBack();
    const killedMs = performance.now();
    process.kill(pid ?? 0, "SIGKILL");
    return { rooms: peers.count, backMs: (await back).map((ms) => ms - killedMs) };
  } finally {
    peers.close();
    await cluster.close();
  }
}
