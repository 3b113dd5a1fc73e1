import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startChild } from "../processes/ask-child.ts";
import { quantile, rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { type FanOut, openFanOut } from "./fan-out.ts";
import type { TrafficCounts, TrafficTasks } from "./traffic.ts";

/** A step of the load, and what became of it. Shares are 0..1. */
type Step = {
  consumers: number;
  /** Of one core, by the worker's own account. */
  cpuShare: number;
  /** Of the publisher's packets, passed over at the worker's producer: every consumer misses these. */
  inputLoss: number;
  /** Of the same packets, passed over at the probes: those above and the worker's own output. */
  outputLoss: number;
  /** Of what the probes had, more than 100 ms old. */
  lateShare: number;
  delayP50Ms: number;
  delayP99Ms: number;
  /** How long the worker took to answer the question for its CPU time, at the step's end. */
  answerMs: number;
};

const PROBES = 8;
/** Below it, loss is chance. */
const LOSS_BEGINS = 0.005;
const LATE_BEGINS = 0.01;
const DEFAULTS = { from: 100, to: 1_500, step: 100, seconds: 4 };
const ADDED_AT_ONCE = 50;
/** New consumers and the last step's backlog must not count. */
const SETTLE_MS = 1_000;
/** Steps after the first that loses: they show how loss grows. */
const STEPS_BEYOND = 2;

/** Raises the consumers of one stream on one worker until it loses packets. */
export async function runSaturationBench(args: string[]): Promise<Record<string, unknown>> {
  const { from, to, step, seconds } = readCounts(args, DEFAULTS);
  const traffic = startChild<TrafficTasks>(join(import.meta.dirname, "traffic.ts"));
  const fanOut = await openFanOut();
  const steps: Step[] = [];
  try {
    const { probePorts, sinkPort } = await traffic.ask("open", { probes: PROBES });
    await traffic.ask("publish", { port: fanOut.port, keyFrames: "each_second" });
    for (const port of probePorts) await fanOut.addConsumer(port, false);
    let consumers = PROBES;
    for (let wanted = from; wanted <= to && steps.filter(isLosing).length <= STEPS_BEYOND; wanted += step) {
      await addConsumers(wanted - consumers, () => fanOut.addConsumer(sinkPort, true));
      consumers = wanted;
      steps.push(
        await measureStep(consumers, fanOut, () => traffic.ask("read", { probePorts }), seconds * 1_000),
      );
    }
  } finally {
    fanOut.close();
    await traffic.close();
  }
  console.table(steps);
  return {
    steps,
    lossBeginsAtCpuShare: steps.find(isLosing)?.cpuShare ?? null,
    lateBeginsAtCpuShare: steps.find((step) => step.lateShare > LATE_BEGINS)?.cpuShare ?? null,
    highestCpuShareWithoutLoss: Math.max(
      ...steps.filter((step) => !isLosing(step)).map(({ cpuShare }) => cpuShare),
    ),
  };
}

/** A saturated worker answers slowly: several at once, so that a step still begins within seconds. */
async function addConsumers(count: number, add: () => Promise<void>): Promise<void> {
  for (let added = 0; added < count; added += ADDED_AT_ONCE) {
    const chunk = Math.min(ADDED_AT_ONCE, count - added);
    await Promise.all(Array.from({ length: chunk }, add));
  }
}

async function measureStep(
  consumers: number,
  fanOut: FanOut,
  readTraffic: () => Promise<TrafficCounts>,
  durationMs: number,
): Promise<Step> {
  await pause(SETTLE_MS);
  const [before] = await Promise.all([fanOut.read(), readTraffic()]);
  await pause(durationMs);
  const [after, { received, lost, late, agesMs }] = await Promise.all([fanOut.read(), readTraffic()]);
  const lostIn = after.lostIn - before.lostIn;
  return {
    consumers,
    cpuShare: rounded((after.cpuMs - before.cpuMs) / (after.atMs - before.atMs)),
    inputLoss: share(lostIn, lostIn + after.packetsIn - before.packetsIn),
    outputLoss: share(lost, lost + received),
    lateShare: share(late, received),
    delayP50Ms: rounded(quantile(agesMs, 0.5)),
    delayP99Ms: rounded(quantile(agesMs, 0.99)),
    answerMs: rounded(after.answerMs),
  };
}

function isLosing({ inputLoss, outputLoss }: Step): boolean {
  return inputLoss > LOSS_BEGINS || outputLoss > LOSS_BEGINS;
}

function share(part: number, whole: number): number {
  return whole > 0 ? rounded(part / whole) : 0;
}
