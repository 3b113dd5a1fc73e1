import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type Child, startChild } from "../processes/ask-child.ts";
import { settleOn } from "../processes/settle-on.ts";
import { type RunningStandalone, startStandalone } from "../processes/start-standalone.ts";
import { median, quantile, rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import type { BareTasks } from "./bare-server.ts";
import { cpuTicksOf, TICK_MS } from "./cpu-ticks.ts";
import { startWhepPeers, type WhepPeers } from "./whep-peers.ts";

const DEFAULTS = { viewers: 100, perSecond: 50, pairs: 6, seconds: 5 };
/** Every publisher has it. The viewers' are none of the node's own. */
const PUBLISHED_TYPE = 96;
const MAPS = [97, 98, 99, 35];
const SETTLE_MS = 1_000;
const NO_LIMITS = { FAIRLEAD_LIMIT_ADDRESS: "off", FAIRLEAD_LIMIT_ROOM: "off" };

type Kind = "bare" | "one map" | "four maps";
type Server = { name: string; whep: string; workerPid: number; payloadTypes: number[] };
type Run = {
  kind: Kind;
  firstRtpMs: number[];
  firstFrameMs: number[];
  /** Of the worker. */
  cpuUsPerPacket: number;
  /** Viewers without a picture. */
  failures: string[];
  /** While the viewers came. */
  keyFrameRequests: number;
};

/** One publisher, and viewers who come by WHEP: the product's own HTTP beside mediasoup alone. */
export async function runWhepBench(args: string[]): Promise<Record<string, unknown>> {
  const counts = readCounts(args, DEFAULTS);
  const peers = startWhepPeers();
  const bare = startChild<BareTasks>(join(import.meta.dirname, "bare-server.ts"));
  const product = await startStandalone({ FAIRLEAD_CORES: "1", ...NO_LIMITS });
  const runs: Run[] = [];
  try {
    const servers = await publishToBoth(peers, bare, product);
    const pids = [peers.pid, product.pid, ...[...servers.values()].map(({ workerPid }) => workerPid)];
    for (const pid of new Set(pids)) settleOn(pid, { priority: 1 });
    const kinds = [...servers.keys()];
    for (let round = 0; round < counts.pairs; round += 1)
      for (let turn = 0; turn < kinds.length; turn += 1) {
        const kind = kinds[(round + turn) % kinds.length];
        const server = kind && servers.get(kind);
        if (server) runs.push({ kind, ...(await measure(peers, server, counts)) });
      }
  } finally {
    await Promise.all([peers.close(), bare.close(), product.close()]);
  }
  return sumUp(runs);
}

/** A broadcast in each, which goes on for the whole bench. */
async function publishToBoth(
  peers: WhepPeers,
  bare: Child<BareTasks>,
  product: RunningStandalone,
): Promise<Map<Kind, Server>> {
  const [payloadType = 0] = MAPS;
  const { url, workerPid } = await bare.ask("open", { publishedType: PUBLISHED_TYPE, payloadType });
  await peers.ask("publish", { name: "bare", url: `${url}/whip`, token: null });
  const created = await fetch(`${product.url}/v1/broadcasts`, {
    method: "POST",
    headers: { authorization: `Bearer ${product.apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ visibility: "public" }),
  });
  const { broadcastId, streamKey } = (await created.json()) as { broadcastId: string; streamKey: string };
  await peers.ask("publish", { name: "product", url: `${product.url}/v1/whip`, token: streamKey });
  // The broadcast is live with its first packets.
  await pause(SETTLE_MS);
  const ours = {
    name: "product",
    whep: `${product.url}/v1/broadcasts/${broadcastId}/whep`,
    workerPid: product.workerPid(0),
  };
  return new Map([
    ["bare", { name: "bare", whep: `${url}/whep`, workerPid, payloadTypes: [payloadType] }],
    ["one map", { ...ours, payloadTypes: [payloadType] }],
    ["four maps", { ...ours, payloadTypes: MAPS }],
  ]);
}

async function measure(
  peers: WhepPeers,
  { name, whep, workerPid, payloadTypes }: Server,
  { viewers, perSecond, seconds }: typeof DEFAULTS,
): Promise<Omit<Run, "kind">> {
  const begin = await peers.ask("count", { name });
  const { firstRtpMs, firstFrameMs, failures } = await peers.ask("watch", {
    url: whep,
    count: viewers,
    perSecond,
    payloadTypes,
  });
  await pause(SETTLE_MS);
  const before = await peers.ask("count", { name });
  const ticks = cpuTicksOf(workerPid);
  await pause(seconds * 1_000);
  const cpuMs = (cpuTicksOf(workerPid) - ticks) * TICK_MS;
  const after = await peers.ask("count", { name });
  await peers.ask("leave", {});
  await pause(SETTLE_MS);
  return {
    firstRtpMs,
    firstFrameMs,
    failures,
    cpuUsPerPacket: (1_000 * cpuMs) / ((after.packets - before.packets) * firstFrameMs.length),
    keyFrameRequests: before.keyFrameRequests - begin.keyFrameRequests,
  };
}

function sumUp(runs: readonly Run[]): Record<string, unknown> {
  const of = (kind: Kind) => runs.filter((run) => run.kind === kind);
  const rowOf = (kind: Kind) => {
    const [rtp, frames] = [
      of(kind).flatMap((run) => run.firstRtpMs),
      of(kind).flatMap((run) => run.firstFrameMs),
    ];
    return {
      firstRtpP50Ms: rounded(quantile(rtp, 0.5)),
      firstRtpP95Ms: rounded(quantile(rtp, 0.95)),
      firstFrameP50Ms: rounded(quantile(frames, 0.5)),
      firstFrameP95Ms: rounded(quantile(frames, 0.95)),
      cpuUsPerPacket: rounded(median(of(kind).map((run) => run.cpuUsPerPacket))),
      failures: of(kind).flatMap((run) => run.failures).length,
      keyFrameRequests: median(of(kind).map((run) => run.keyFrameRequests)),
    };
  };
  const ratios = (kind: Kind) =>
    of(kind).flatMap((run, pair) => run.cpuUsPerPacket / (of("bare")[pair]?.cpuUsPerPacket ?? Number.NaN));
  const table = { bare: rowOf("bare"), "one map": rowOf("one map"), "four maps": rowOf("four maps") };
  console.table(table);
  const failures = runs.flatMap((run) => run.failures);
  for (const failure of new Set(failures)) console.error(failure);
  const { firstRtpP50Ms, firstRtpP95Ms, firstFrameP50Ms, firstFrameP95Ms, keyFrameRequests } =
    table["one map"];
  return {
    ...{ firstRtpP50Ms, firstRtpP95Ms, firstFrameP50Ms, firstFrameP95Ms },
    bareFirstFrameP95Ms: table.bare.firstFrameP95Ms,
    cpuOverBare: rounded(median(ratios("one map"))),
    cpuOverBare4Maps: rounded(median(ratios("four maps"))),
    cpuOverBareEach: ratios("one map").map(rounded),
    keyFrameRequests,
    failures: failures.length,
  };
}
