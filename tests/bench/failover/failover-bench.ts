import { parseArgs } from "node:util";
import type { Browser, Page } from "playwright-core";
import { NAMESPACE_TOOLS } from "../../setup/programs.ts";
import { providePrograms } from "../../setup/provide-programs.ts";
import { type ProcessCluster, startProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import { whyNoNamespaces } from "../../support/processes/network-namespace.ts";
import { launchBrowser } from "../browser/launch-browser.ts";
import { servePage } from "../browser/serve-page.ts";
import { watchFrames } from "../browser/watch-frames.ts";
import { quantile, rounded, summarize } from "../quantiles.ts";
import { DEATHS, type DeathKind, untilWhole } from "./break-node.ts";

const KINDS: readonly DeathKind[] = ["sigkill", "sigstop", "partition", "worker"];
const NODES = 3;
const ROOM = "failover";
/** A peer that has not seen every other one again by then is lost. */
const LOST_AFTER_MS = 30_000;
/** Between deaths, so that bandwidth estimation and returned peers have come to rest. */
const CALM_MS = 3_000;

/** Of one kind of death, from it, ms: to the room's new place; to each peer's first decoded frame of each other one. */
type Deaths = { placed: number[]; gaps: number[]; peersLost: number };

/** Kills what serves a room whose peers all publish and watch each other, again and again, in each of several ways. */
export async function runFailoverBench(args: string[]): Promise<Record<string, unknown>> {
  const { kinds, leftOut, peers, deaths } = chooseKinds(readOptions(args));
  const pageServer = await servePage();
  const browser = await launchBrowser();
  const results = new Map<DeathKind, Deaths>();
  try {
    for (const kind of kinds)
      results.set(kind, await measure(kind, { browser, url: pageServer.url, peers, deaths }));
  } finally {
    await browser.close();
    pageServer.close();
  }
  return { ...report(results, peers, deaths), leftOut };
}

type Setting = { browser: Browser; url: string; peers: number; deaths: number };

async function measure(kind: DeathKind, { browser, url, peers, deaths }: Setting): Promise<Deaths> {
  const link = kind === "partition" ? "namespace" : "direct";
  const nodes = Array.from({ length: NODES }, () => ({ link }) as const);
  const cluster = await startProcessCluster({ name: `bench-failover-${kind}`, nodes });
  const page = await browser.newPage();
  try {
    await page.addInitScript(watchFrames);
    await page.goto(url);
    await joinAll(page, cluster, peers);
    const all: Deaths = { placed: [], gaps: [], peersLost: 0 };
    for (let death = 0; death < deaths; death++) {
      await page.waitForTimeout(CALM_MS);
      const { placed, gaps, peersLost } = await die(kind, cluster, page, peers);
      all.placed.push(...placed);
      all.gaps.push(...gaps);
      all.peersLost += peersLost;
    }
    return all;
  } finally {
    await page.close();
    await cluster.close();
  }
}

async function joinAll(page: Page, cluster: ProcessCluster, peers: number): Promise<void> {
  const names = Array.from({ length: peers }, (_, index) => `peer-${index}`);
  const tickets = await Promise.all(names.map((name) => cluster.ticket(ROOM, name)));
  await page.waitForFunction(() => typeof window.joinPeers === "function");
  await page.evaluate(([url, given]) => window.joinPeers(url, given), [cluster.url, tickets] as const);
  if (!(await sawEverybody(page, peers))) throw new Error("the peers did not meet");
}

async function die(kind: DeathKind, cluster: ProcessCluster, page: Page, peers: number): Promise<Deaths> {
  const { placement } = await cluster.room(ROOM);
  const node = cluster.node(placement?.nodeId ?? "");
  await page.evaluate(() => {
    window.firstFrames.length = 0;
  });
  const diedAtMs = performance.timeOrigin + performance.now();
  DEATHS[kind].kill(node);
  await sawEverybody(page, peers);
  const [frames, whole] = await page.evaluate(() => [window.firstFrames, window.countWhole()] as const);
  const moves = cluster.nodes.flatMap(({ log }) =>
    log.filter(({ msg, time }) => msg === "room.moved" && time >= diedAtMs),
  );
  const placedAtMs = Math.min(...moves.map(({ time }) => time));
  await DEATHS[kind].repair(node);
  await untilWhole(cluster, NODES);
  return {
    placed: moves.length > 0 ? [placedAtMs - diedAtMs] : [],
    gaps: frames.map(({ atMs }) => atMs - diedAtMs),
    peersLost: peers - whole,
  };
}

/** @returns Whether every peer is in the room and has decoded a frame of every other one in time. */
async function sawEverybody(page: Page, peers: number): Promise<boolean> {
  const isOver = (wanted: number) =>
    window.firstFrames.length >= wanted * (wanted - 1) && window.countWhole() === wanted;
  return page.waitForFunction(isOver, peers, { timeout: LOST_AFTER_MS, polling: 50 }).then(
    () => true,
    () => false,
  );
}

function report(
  results: ReadonlyMap<DeathKind, Deaths>,
  peers: number,
  deaths: number,
): Record<string, unknown> {
  console.log(
    `Milliseconds from the death to decoded frames; ${deaths} deaths of each kind, ${peers} peers:`,
  );
  const rows = [...results].flatMap(([kind, { placed, gaps }]) => [
    [`${kind}: placed anew by a node`, summarize(placed)],
    [`${kind}: frames`, summarize(gaps)],
  ]);
  console.table(Object.fromEntries(rows));
  const at = (gaps: readonly number[], share: number) => rounded(quantile(gaps, share));
  const figures = [...results].map(
    ([kind, { gaps }]) => [kind, { mediaGapP50Ms: at(gaps, 0.5), mediaGapP99Ms: at(gaps, 0.99) }] as const,
  );
  const peersLost = [...results.values()].reduce((sum, one) => sum + one.peersLost, 0);
  return { ...Object.fromEntries(figures), peersLost, peers, deaths };
}

type Options = {
  /** null: every kind that this machine can make. */
  asked: DeathKind[] | null;
  peers: number;
  deaths: number;
};

/**
 * A partition needs network namespaces. Where there are none it is left out, with its reason in the result.
 * @throws {Error} It was asked for by name, or this is `CI=true`.
 */
function chooseKinds({ asked, ...options }: Options) {
  const kinds = asked ?? [...KINDS];
  const reason = kinds.includes("partition") ? prepareNamespaces() : null;
  if (reason === null) return { ...options, kinds, leftOut: {} };
  if (asked !== null || process.env.CI === "true") throw new Error(`no partition: ${reason}`);
  console.error(`partition is left out: ${reason}`);
  return { ...options, kinds: kinds.filter((kind) => kind !== "partition"), leftOut: { partition: reason } };
}

/** @returns Why there are none, or null. */
function prepareNamespaces(): string | null {
  try {
    providePrograms(console.error, NAMESPACE_TOOLS);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return whyNoNamespaces();
}

/** `--deaths 20 --peers 4 --kinds sigkill,worker`. */
function readOptions(args: string[]): Options {
  const { values } = parseArgs({
    args,
    options: {
      deaths: { type: "string", default: "20" },
      peers: { type: "string", default: "4" },
      kinds: { type: "string" },
    },
  });
  const asked = values.kinds?.split(",") ?? null;
  const unknown = asked?.find((kind) => !isDeathKind(kind));
  if (unknown !== undefined) throw new Error(`--kinds ${unknown}: one of ${KINDS.join(", ")} is wanted`);
  return {
    asked: asked && KINDS.filter((kind) => asked.includes(kind)),
    peers: Number(values.peers),
    deaths: Number(values.deaths),
  };
}

function isDeathKind(kind: string): boolean {
  return Object.hasOwn(DEATHS, kind);
}
