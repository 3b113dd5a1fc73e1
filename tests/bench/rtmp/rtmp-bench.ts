import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { BroadcastWithKey } from "@fairlead/protocol";
import { issueTicket } from "@fairlead/tickets";
import { launchChromium } from "../../support/chromium.ts";
import { type ProcessCluster, startProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import { childrenOf } from "../../support/processes/children-of.ts";
import { SdkPage } from "../../support/sdk-page/sdk-page.ts";
import { median, quantile, rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { cpuTicksOf, TICK_MS } from "../whep/cpu-ticks.ts";
import { BLOCK, type CountedPush, pushCounted, recordCounted, type SentFrame } from "./counted-stream.ts";
import { type ShownFrame, watchCounter } from "./watch-counter.ts";

const DEFAULTS = { publishers: 3, seconds: 15, deaths: 3 };
const SETTLE_MS = 3_000;
const LOST_AFTER_MS = 30_000;
const LOOK_MS = 100;
const ENV = { FAIRLEAD_LIMIT_ADDRESS: "off", FAIRLEAD_LIMIT_ROOM: "off", FAIRLEAD_PIPE_IP: "127.0.0.1" };

/** ffmpeg sends by RTMP, and a page watches by the SDK: how old its pictures are, what a publisher costs, and how soon they are back when the home is killed. */
export async function runRtmpBench(args: string[]): Promise<Record<string, unknown>> {
  const { publishers, seconds, deaths } = readCounts(args, DEFAULTS);
  const folder = mkdtempSync(join(tmpdir(), "fairlead-rtmp-"));
  const file = join(folder, "counted.flv");
  await recordCounted(file);
  const cluster = await startProcessCluster({
    name: "bench-rtmp",
    signaling: 1,
    nodes: 2,
    lives: 1,
    env: ENV,
  });
  const chromium = await launchChromium();
  const pushes: CountedPush[] = [];
  try {
    const { watched, page } = await watch(cluster, await SdkPage.open(chromium.context), pushes, file);
    for (let other = 1; other < publishers; other += 1) await publish(cluster, pushes, file);
    await pause(SETTLE_MS);
    const { ages, cpuPercent } = await measure({ cluster, page, push: watched.push, seconds });
    const backMs: number[] = [];
    for (let death = 0; death < deaths; death += 1)
      backMs.push(await killHome(cluster, page, watched.broadcastId));
    return sumUp(ages, cpuPercent / publishers, backMs);
  } finally {
    await Promise.all(pushes.map((push) => push.stop()));
    await Promise.all([chromium.close(), cluster.close()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function publish(cluster: ProcessCluster, pushes: CountedPush[], file: string) {
  const { broadcastId, urls, streamKey } = await cluster.api<BroadcastWithKey>("POST", "/v1/broadcasts", {
    graceMs: 20_000,
  });
  const push = pushCounted(file, `${urls.rtmp}/${streamKey}`);
  pushes.push(push);
  return { broadcastId, push };
}

async function watch(cluster: ProcessCluster, page: SdkPage, pushes: CountedPush[], file: string) {
  const watched = await publish(cluster, pushes, file);
  const viewer = { room: watched.broadcastId, identity: "viewer", role: "viewer" } as const;
  const { ticket } = await issueTicket(cluster.ticketKeys, viewer);
  await page.enter(cluster.url, ticket);
  await page.page.evaluate(watchCounter, BLOCK);
  await page.page.waitForFunction(() => window.shownFrames.length > 0, null, { timeout: LOST_AFTER_MS });
  return { watched, page };
}

const shownBy = ({ page }: SdkPage): Promise<ShownFrame[]> =>
  page.evaluate(() => window.shownFrames.splice(0));

type Measuring = { cluster: ProcessCluster; page: SdkPage; push: CountedPush; seconds: number };

/** @returns How old each picture was when it was shown, ms, and of a core what the process, its worker and its ffmpegs used. */
async function measure({ cluster, page, push, seconds }: Measuring) {
  const pid = cluster.lives[0]?.pid() ?? 0;
  const pids = [pid, ...childrenOf(pid).map((child) => child.pid)];
  const ticks = () => pids.reduce((sum, each) => sum + cpuTicksOf(each), 0);
  await shownBy(page);
  const [before, sinceMs] = [ticks(), performance.now()];
  const ages: number[] = [];
  for (let second = 0; second < seconds; second += 1) {
    await pause(1_000);
    ages.push(...(await shownBy(page)).flatMap((frame) => ageOf(frame, push.sent())));
  }
  const cpuPercent = (100 * TICK_MS * (ticks() - before)) / (performance.now() - sinceMs);
  return { ages, cpuPercent };
}

function ageOf({ counter, atMs }: ShownFrame, sent: readonly SentFrame[]): number[] {
  const frame = sent.findLast((each) => each.counter === counter && each.atMs <= atMs);
  return frame ? [atMs - frame.atMs] : [];
}

/** @returns From the kill to the first picture of the new home, ms; infinite: there was none. */
async function killHome(cluster: ProcessCluster, page: SdkPage, broadcastId: string): Promise<number> {
  const { placement } = await cluster.room(broadcastId);
  const home = cluster.node(placement?.nodeId ?? "");
  const before = (await shownBy(page)).at(-1)?.track ?? 0;
  const diedAtMs = performance.timeOrigin + performance.now();
  home.signalGroup("SIGKILL");
  let first: ShownFrame | undefined;
  for (let waitedMs = 0; !first && waitedMs < LOST_AFTER_MS; waitedMs += LOOK_MS) {
    await pause(LOOK_MS);
    first = (await shownBy(page)).find(({ track }) => track > before);
  }
  await home.restart();
  await pause(SETTLE_MS);
  return first ? first.atMs - diedAtMs : Number.POSITIVE_INFINITY;
}

function sumUp(ages: readonly number[], cpuPercentPerPublisher: number, backMs: readonly number[]) {
  const result = {
    toWebrtcP50Ms: rounded(quantile(ages, 0.5)),
    toWebrtcP95Ms: rounded(quantile(ages, 0.95)),
    cpuPercentPerPublisher: rounded(cpuPercentPerPublisher),
    backAfterHomeKilledMs: rounded(median(backMs)),
  };
  console.table([{ ...result, pictures: ages.length, backMs: backMs.map(Math.round).join(" ") }]);
  return result;
}
