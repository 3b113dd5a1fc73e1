import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Chromium, launchChromium } from "../support/chromium.ts";
import { type Firefox, launchFirefox } from "../support/firefox.ts";
import { type StandaloneProcess, startStandalone } from "../support/start-standalone.ts";
import { startAiortc } from "./aiortc-peer.ts";
import { openLossyRelay } from "./lossy-relay.ts";
import {
  type At,
  closePage,
  frameTimes,
  pageStats,
  publishByEyevinn,
  publishByMedooze,
  publishByWhip,
  watchByMedooze,
  watchByWhep,
} from "./page-clients.ts";
import { type Site, servePage } from "./serve-page.ts";

type Evaluate = <T, A extends unknown[]>(act: (...given: A) => T | Promise<T>, ...given: A) => Promise<T>;
/** A tab of either browser. */
type Tab = { evaluate: Evaluate };

const CONNECTS_MS = 20_000;

let server: StandaloneProcess;
let chromium: Chromium;
let firefox: Firefox;
let site: Site;
const open: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  [server, chromium, firefox, site] = await Promise.all([
    startStandalone(),
    launchChromium(),
    launchFirefox(),
    servePage(),
  ]);
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
afterAll(async () => {
  await Promise.all([chromium?.close(), firefox?.close(), site?.close()]);
  await server?.stop();
});

async function createBroadcast(): Promise<{ whip: At; whep: At; id: string }> {
  const { broadcastId, streamKey } = await server.api("POST", "/v1/broadcasts", { visibility: "public" });
  const at = (kind: string) => `${server.url}/v1/broadcasts/${broadcastId}/${kind}`;
  return {
    id: broadcastId,
    whip: { url: `${server.url}/v1/whip`, token: streamKey },
    whep: { url: at("whep"), token: null },
  };
}

/** @param functions Of this process, that the page may call. */
async function chromiumTab(functions: Record<string, (text: string) => string> = {}): Promise<Tab> {
  const page = await chromium.context.newPage();
  for (const [name, act] of Object.entries(functions)) await page.exposeFunction(name, act);
  await page.goto(site.url);
  open.push(() => page.close());
  return { evaluate: page.evaluate.bind(page) as Evaluate };
}

async function firefoxTab(): Promise<Tab> {
  const page = await firefox.browser.newPage();
  await page.goto(site.url);
  open.push(() => page.close());
  return { evaluate: page.evaluate.bind(page) as unknown as Evaluate };
}

function aiortc(role: "publish" | "watch", at: At) {
  const peer = startAiortc(role, at);
  open.push(() => peer.close());
  return peer;
}

/** The broadcast's first media has reached the node. */
async function untilLive(id: string): Promise<void> {
  const state = async () => (await server.api("GET", `/v1/broadcasts/${id}`)).state;
  await expect.poll(state, { timeout: CONNECTS_MS }).toBe("live");
}

/** Pictures are decoded one after the other, and there is sound. */
async function expectPlays({ evaluate }: Tab): Promise<void> {
  const timeout = CONNECTS_MS;
  await expect.poll(async () => (await evaluate(pageStats)).framesDecoded, { timeout }).toBeGreaterThan(10);
  await expect.poll(async () => (await evaluate(pageStats)).energy, { timeout }).toBeGreaterThan(0.001);
  expect((await evaluate(pageStats)).width).toBeGreaterThan(0);
}

async function expectDecodes(peer: ReturnType<typeof startAiortc>): Promise<void> {
  const timeout = CONNECTS_MS;
  await expect.poll(() => peer.latest().frames, { timeout }).toBeGreaterThan(10);
  // A picture without anything in it has about 0. Firefox's fake camera is one colour with a small clock, the smaller the less Firefox sends.
  await expect.poll(() => peer.latest().bright, { timeout }).toBeGreaterThan(4);
  await expect.poll(() => peer.latest().loudness, { timeout }).toBeGreaterThan(100);
}

it("Chromium by WHIP is watched by Chromium, Firefox and aiortc by WHEP", async () => {
  const { whip, whep, id } = await createBroadcast();
  await (await chromiumTab()).evaluate(publishByWhip, whip);
  await untilLive(id);
  const tabs = await Promise.all([chromiumTab(), firefoxTab()]);
  const peer = aiortc("watch", whep);
  await Promise.all(tabs.map(({ evaluate }) => evaluate(watchByWhep, whep)));
  await Promise.all([...tabs.map(expectPlays), expectDecodes(peer)]);
});

it("Firefox by WHIP is watched by Chromium and aiortc", async () => {
  const { whip, whep, id } = await createBroadcast();
  await (await firefoxTab()).evaluate(publishByWhip, whip);
  await untilLive(id);
  const tab = await chromiumTab();
  const peer = aiortc("watch", whep);
  await tab.evaluate(watchByWhep, whep);
  await Promise.all([expectPlays(tab), expectDecodes(peer)]);
});

it("aiortc by WHIP is watched by Firefox, and by Medooze's client of WHEP", async () => {
  const { whip, whep, id } = await createBroadcast();
  aiortc("publish", whip);
  await untilLive(id);
  const [tab, medooze] = await Promise.all([firefoxTab(), chromiumTab()]);
  await Promise.all([tab.evaluate(watchByWhep, whep), medooze.evaluate(watchByMedooze, whep)]);
  await Promise.all([expectPlays(tab), expectPlays(medooze)]);
});

it("a viewer that loses 5 % of the packets sees no freeze above a second", async () => {
  const { whip, whep, id } = await createBroadcast();
  await (await chromiumTab()).evaluate(publishByWhip, whip);
  await untilLive(id);
  const relay = await openLossyRelay(20);
  open.push(async () => relay.close());
  const tab = await chromiumTab({ reroute: relay.reroute });
  await tab.evaluate(watchByWhep, whep);
  // Over the last 80 pictures, so that a moment without CPU passes.
  const longestFreezeMs = async () => {
    const times = (await tab.evaluate(frameTimes)).slice(-81);
    if (times.length < 81) return Number.POSITIVE_INFINITY;
    return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? 0)));
  };
  await expect.poll(longestFreezeMs, { timeout: 40_000 }).toBeLessThan(1_000);
  const dropped = relay.dropped();
  expect(dropped).toBeGreaterThan(20);
  // A key frame for each loss would do without freezes too, at a price.
  expect((await tab.evaluate(pageStats)).packetsLost, "that did not come again").toBeLessThan(dropped / 2);
});

it.each([
  ["@eyevinn/whip-web-client", publishByEyevinn],
  ["whip-whep", publishByMedooze],
])("%s publishes, and is gone when it says goodbye", async (_, publish) => {
  const { whip, whep, id } = await createBroadcast();
  const publisher = await chromiumTab();
  await publisher.evaluate(publish, whip);
  await untilLive(id);
  const viewer = await chromiumTab();
  await viewer.evaluate(watchByWhep, whep);
  await expectPlays(viewer);
  await publisher.evaluate(closePage);
  const state = async () => (await server.api("GET", `/v1/broadcasts/${id}`)).state;
  await expect.poll(state, { timeout: CONNECTS_MS }).toBe("interrupted");
});
