import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type ProcessCluster, startProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import { rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { Crowd } from "./crowd.ts";
import { drawTrace, nodeSecondsOverIdeal, traceNodes } from "./trace.ts";

/**
 * `factor`: so many times faster than the defaults are the autoscaler's times; `peerPercent`: of a core, what one peer costs; `hold`: minutes
 * on the clock that is so much faster, for which a high load stays.
 */
const DEFAULTS = { factor: 10, peerPercent: 2, rooms: 72, hold: 20, calm: 100 };
const MIN = 2;
const PEERS_PER_ROOM = 2;
const STEPS = 4;
const MINUTE_MS = 60_000;
const FLIP_MS = 5 * MINUTE_MS;
const DRAIN_WITHIN_MS = 240_000;
const ARTIFACTS = join(import.meta.dirname, "../../../artifacts");
const NO_LIMITS = {
  FAIRLEAD_LIMIT_ADDRESS: "off",
  FAIRLEAD_LIMIT_ROOM: "off",
  FAIRLEAD_LIMIT_KEY: "off",
  FAIRLEAD_TRUSTED_PROXIES: "1",
};

type Counts = typeof DEFAULTS;

/** Load rises in steps, falls, rises again in the middle of a drain, and falls. */
export async function runAutoscaleBench(args: string[]): Promise<Record<string, unknown>> {
  const counts = readCounts(args, DEFAULTS);
  const peerLoad = counts.peerPercent / 100;
  const cluster = await startScaled(counts, peerLoad);
  const crowd = new Crowd(cluster);
  const trace = traceNodes(cluster, crowd, { peerLoad, peersPerRoom: PEERS_PER_ROOM, min: MIN });
  try {
    await follow(cluster, crowd, counts);
    trace.stop();
    mkdirSync(ARTIFACTS, { recursive: true });
    const path = join(ARTIFACTS, "bench-autoscale.svg");
    drawTrace(trace.samples, path);
    console.log(`The trace: ${path}`);
    const { drainsMs, flips } = readLog(cluster, counts.factor);
    const codes = [...Map.groupBy(crowd.refused, (code) => code)].map(
      ([code, all]) => `${code} ${all.length}`,
    );
    console.log(
      `refused: ${codes.join(", ") || "none"}; drains, s: ${drainsMs.map((ms) => rounded(ms / 1_000))}`,
    );
    return {
      refusedJoins: crowd.refused.length,
      roomsEndedByScaling: crowd.ended.size,
      nodeSecondsOverIdeal: rounded(nodeSecondsOverIdeal(trace.samples)),
      drainMaxMs: Math.max(0, ...drainsMs),
      flips,
      timesFaster: counts.factor,
    };
  } finally {
    trace.stop();
    await crowd.close();
    await cluster.close();
  }
}

function startScaled({ factor, peerPercent }: Counts, peerLoad: number): Promise<ProcessCluster> {
  const faster = (ms: number) => `${Math.round(ms / factor)}`;
  console.log(
    `A peer costs ${peerPercent} % of a core; the autoscaler's times are ${factor} times shorter than its defaults`,
  );
  return startProcessCluster({
    ...{ name: "bench-autoscale", signaling: 1, env: NO_LIMITS },
    scaled: {
      ...{ min: MIN, max: 12 },
      env: {
        FAIRLEAD_SCALE_EVERY_MS: faster(5_000),
        FAIRLEAD_SCALE_START_MS: faster(3 * MINUTE_MS),
        FAIRLEAD_SCALE_SETTLE_MS: faster(10 * MINUTE_MS),
        FAIRLEAD_SCALE_BELOW_MS: faster(5 * MINUTE_MS),
        FAIRLEAD_SCALE_DRAIN_MS: `${MINUTE_MS}`,
      },
      nodeMain: join(import.meta.dirname, "../../support/clusters/costly-node.ts"),
      nodeEnv: { FAIRLEAD_TEST_PEER_LOAD: `${peerLoad}` },
    },
  });
}

async function follow(
  cluster: ProcessCluster,
  crowd: Crowd,
  { rooms, factor, hold, calm }: Counts,
): Promise<void> {
  const scaler = scalerOf(cluster);
  for (let step = 1; step <= STEPS; step += 1) {
    await crowd.settleAt(Math.round((rooms * step) / STEPS));
    await delay((2 * MINUTE_MS) / factor);
  }
  await delay((hold * MINUTE_MS) / factor);
  const unpin = await crowd.pinOneOnEach();
  const since = scaler.log.length;
  await crowd.settleAt(Math.round(rooms / 4));
  await scaler.waitFor(({ msg }) => msg === "scale.draining", { since, withinMs: DRAIN_WITHIN_MS });
  // In the middle of it.
  await crowd.settleAt(Math.round(rooms * 0.8));
  await unpin();
  await delay((hold * MINUTE_MS) / factor);
  await crowd.settleAt(Math.round(rooms / 5));
  await delay(calm * 1_000);
}

function scalerOf({ scaledNodes }: ProcessCluster) {
  const scaler = scaledNodes?.autoscalers[0];
  if (!scaler) throw new Error("no autoscaler");
  return scaler;
}

/** How long drains took until the node was removed, and how many nodes were started soon after one was removed. */
function readLog(cluster: ProcessCluster, factor: number): { drainsMs: number[]; flips: number } {
  const { log } = scalerOf(cluster);
  const removals = log.filter(({ msg, why }) => msg === "scale.removed" && why === "empty");
  const drainsMs = removals.flatMap(({ nodeId, time }) => {
    const began = log.findLast(
      (line) => line.msg === "scale.draining" && line.nodeId === nodeId && line.time <= time,
    );
    return began ? time - began.time : [];
  });
  const starts = log.filter(({ msg }) => msg === "scale.starting");
  const isSoon = (ms: number) => ms >= 0 && ms < FLIP_MS / factor;
  const flips = starts.filter(({ time }) => removals.some((removal) => isSoon(time - removal.time))).length;
  return { drainsMs, flips };
}
