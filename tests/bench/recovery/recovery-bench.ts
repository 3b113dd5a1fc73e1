import type { Page } from "playwright-core";
import { launchBrowser } from "../browser/launch-browser.ts";
import { servePage } from "../browser/serve-page.ts";
import { watchFrames } from "../browser/watch-frames.ts";
import { requestTicket } from "../join/measure-joins.ts";
import { type LogLine, type RunningStandalone, startStandalone } from "../processes/start-standalone.ts";
import { quantile, rounded, summarize } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";

/** Milliseconds after the worker was killed, of one death. */
type Recovery = {
  detected: number;
  placed: number;
  /** Each peer is in the room again, by the server's log; and hears of the move from its SDK. */
  rejoined: number[];
  told: number[];
  /** Each peer decodes the first of the others; and each of the others. */
  firstFrames: number[];
  frames: number[];
};

const ROOM = "recovery";
const DEFAULTS = { peers: 10, deaths: 5 };
const RECOVER_TIMEOUT_MS = 60_000;
/** Between deaths, so that bandwidth estimation and the new worker have come to rest. */
const CALM_MS = 3_000;

/** Kills the worker of a room whose peers all publish and all watch each other, and waits for their frames. */
export async function runRecoveryBench(args: string[]): Promise<Record<string, unknown>> {
  const { peers, deaths } = readCounts(args, DEFAULTS);
  const server = await startStandalone({ FAIRLEAD_CORES: "2" });
  const pageServer = await servePage();
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage();
    await page.addInitScript(watchFrames);
    await page.goto(pageServer.url);
    await joinAll(page, server, peers);
    const recoveries: Recovery[] = [];
    for (let death = 0; death < deaths; death++) {
      await page.waitForTimeout(CALM_MS);
      recoveries.push(await recover(page, server, peers));
    }
    return report(recoveries, peers);
  } finally {
    await browser.close();
    pageServer.close();
    await server.close();
  }
}

async function joinAll(page: Page, server: RunningStandalone, peers: number): Promise<void> {
  const tickets = await Promise.all(Array.from({ length: peers }, () => requestTicket(server, ROOM)));
  await page.waitForFunction(() => typeof window.joinPeers === "function");
  await page.evaluate(([url, given]) => window.joinPeers(url, given), [server.url, tickets] as const);
  await waitForFrames(page, peers * (peers - 1));
}

async function recover(page: Page, server: RunningStandalone, peers: number): Promise<Recovery> {
  await page.evaluate(() => {
    window.firstFrames.length = 0;
    window.moved.length = 0;
  });
  const seen = server.log.length;
  const killedAtMs = performance.timeOrigin + performance.now();
  process.kill(server.workerPid(coreOfRoom(server.log)), "SIGKILL");
  await waitForFrames(page, peers * (peers - 1));
  const [frames, moved] = await page.evaluate(() => [window.firstFrames, window.moved] as const);
  const after = (atMs: number) => rounded(atMs - killedAtMs);
  const logged = (name: string) =>
    server.log.slice(seen).flatMap(({ msg, time }) => (msg === name ? [after(time)] : []));
  const connections = Map.groupBy(frames, ({ connection }) => connection);
  return {
    detected: logged("worker.died")[0] ?? Number.NaN,
    placed: logged("room.moved")[0] ?? Number.NaN,
    told: moved.map(({ atMs }) => after(atMs)),
    rejoined: logged("peer.joined"),
    firstFrames: [...connections.values()].map((all) => after(Math.min(...all.map(({ atMs }) => atMs)))),
    frames: frames.map(({ atMs }) => after(atMs)),
  };
}

/** Ends once every peer has decoded a frame of every other one. */
async function waitForFrames(page: Page, count: number): Promise<void> {
  await page.waitForFunction((wanted) => window.firstFrames.length >= wanted, count, {
    timeout: RECOVER_TIMEOUT_MS,
    polling: 50,
  });
}

function coreOfRoom(log: readonly LogLine[]): number {
  return Number(log.findLast(({ msg, roomId }) => msg === "room.opened" && roomId === ROOM)?.core);
}

function report(recoveries: readonly Recovery[], peers: number): Record<string, unknown> {
  const all = (phase: (recovery: Recovery) => number | number[]) => recoveries.flatMap(phase);
  const phases = {
    "worker's death seen by its node": all(({ detected }) => detected),
    "room placed on another core": all(({ placed }) => placed),
    "peer in the room again": all(({ rejoined }) => rejoined),
    "its SDK tells of the move": all(({ told }) => told),
    "peer decodes the first of the others": all(({ firstFrames }) => firstFrames),
    "peer decodes each of the others": all(({ frames }) => frames),
  };
  console.log(`Milliseconds after SIGKILL, ${recoveries.length} deaths, ${peers} peers in one Chromium:`);
  console.table(Object.fromEntries(Object.entries(phases).map(([name, times]) => [name, summarize(times)])));
  const p50 = (times: readonly number[]) => rounded(quantile(times, 0.5));
  const frames = all((recovery) => recovery.frames);
  return {
    peers,
    toFramesP50Ms: p50(frames),
    toFramesMaxMs: rounded(quantile(frames, 1)),
    phasesP50Ms: {
      detected: p50(all(({ detected }) => detected)),
      placed: p50(all(({ placed }) => placed)),
      rejoined: p50(all(({ rejoined }) => rejoined)),
      told: p50(all(({ told }) => told)),
      firstFrame: p50(all(({ firstFrames }) => firstFrames)),
      everyFrame: p50(frames),
    },
  };
}
