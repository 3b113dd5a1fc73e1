import { existsSync } from "node:fs";
import type { Broadcast, BroadcastWithKey } from "@fairlead/protocol";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Chromium, launchChromium } from "../support/chromium.ts";
import { type ProcessCluster, startProcessCluster } from "../support/clusters/start-process-cluster.ts";
import { type Child, childrenOf } from "../support/processes/children-of.ts";
import { keepPushingRtmp, pushRtmp, type RtmpEncoder } from "../support/push-rtmp.ts";
import { expectPictures } from "../support/sdp-page/expect-pictures.ts";
import { openSdpPage, type SdpPage } from "../support/sdp-page/sdp-page.ts";

const POLL = { timeout: 30_000, interval: 100 };
/** How long NATS stands still: longer than a home waits for a proof. */
const STANDSTILL_MS = 8_000;

let cluster: ProcessCluster;
let chromium: Chromium;
let broadcast: BroadcastWithKey;
let encoder: RtmpEncoder;
let watcher: SdpPage;

beforeAll(async () => {
  const env = {
    FAIRLEAD_LIMIT_ADDRESS: "off",
    FAIRLEAD_LIMIT_ROOM: "off",
    FAIRLEAD_PIPE_IP: "127.0.0.1",
  };
  [cluster, chromium] = await Promise.all([
    startProcessCluster({ name: "rtmp-faults", signaling: 1, nodes: 2, lives: 2, env }),
    launchChromium(),
  ]);
});
afterAll(async () => {
  await encoder?.stop();
  await Promise.all([cluster?.close(), chromium?.close()]);
});

const create = () =>
  cluster.api<BroadcastWithKey>("POST", "/v1/broadcasts", { visibility: "public", graceMs: 20_000 });
const read = () => cluster.api<Broadcast>("GET", `/v1/broadcasts/${broadcast.broadcastId}`);
const ffmpegsOf = (pid: number) => childrenOf(pid).filter(({ command }) => /ffmpeg/.test(command));

/** The process that has the encoder. */
function live() {
  return cluster.lives.find((each) => ffmpegsOf(each.pid()).length > 0) ?? expect.fail("no live");
}

async function homeNow() {
  const { placement } = await cluster.room(broadcast.broadcastId);
  return cluster.node(placement?.nodeId ?? expect.fail("no home"));
}

/** The broadcast is the encoder's under a higher run, and the encoder has noticed nothing. */
async function expectCameBack(run: number): Promise<void> {
  await expect.poll(async () => (await read()).run, POLL).toBeGreaterThan(run);
  await expect.poll(async () => (await read()).state, POLL).toBe("live");
  await expectPictures(watcher);
  expect([encoder.isRunning(), encoder.said()]).toEqual([true, ""]);
}

it("an encoder goes live by RTMP, through a balancer", async () => {
  broadcast = await create();
  encoder = pushRtmp(`${broadcast.urls.rtmp}/${broadcast.streamKey}`);
  await expect.poll(async () => (await read()).state, POLL).toBe("live");
  const url = `${cluster.url}/v1/broadcasts/${broadcast.broadcastId}/whep`;
  watcher = await openSdpPage(chromium.context, "whep", { url, bearer: null });
  await expectPictures(watcher);
});

it("it does not notice that its ffmpeg is killed, and viewers go on", async () => {
  const [[before], { run }] = [ffmpegsOf(live().pid()), await read()];
  const killed = before?.pid ?? expect.fail("no ffmpeg");
  process.kill(killed, "SIGKILL");
  const isReplaced = ({ pid }: Child) => pid !== killed;
  await expect
    .poll(() => cluster.lives.some((each) => ffmpegsOf(each.pid()).some(isReplaced)), POLL)
    .toBe(true);
  await expectPictures(watcher);
  expect([encoder.isRunning(), encoder.said(), (await read()).run]).toEqual([true, "", run]);
});

it("it does not notice that its broadcast's home stands still", async () => {
  const [{ run }, home] = [await read(), await homeNow()];
  home.signalGroup("SIGSTOP");
  try {
    await expectCameBack(run);
  } finally {
    home.signalGroup("SIGCONT");
  }
  await expect.poll(async () => (await homeNow()).name, POLL).not.toBe(home.name);
});

it("it does not notice that NATS stands still, and media flows on meanwhile", async () => {
  const { run } = await read();
  await expectPictures(watcher);
  await cluster.nats.kill("SIGSTOP");
  try {
    for (const endMs = Date.now() + STANDSTILL_MS; Date.now() < endMs; ) await expectPictures(watcher);
  } finally {
    await cluster.nats.kill("SIGCONT");
  }
  await expect.poll(async () => (await read()).state, POLL).toBe("live");
  expect([encoder.isRunning(), encoder.said(), (await read()).run]).toEqual([true, "", run]);
});

it("an encoder comes back by another process behind a balancer when its own is told to end, and when it is killed", async () => {
  await encoder.stop();
  broadcast = await create();
  const looping = keepPushingRtmp(`${broadcast.urls.rtmp}/${broadcast.streamKey}`);
  try {
    await expect.poll(async () => (await read()).state, POLL).toBe("live");
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const { run } = await read();
      const holder = await vi.waitFor(live, POLL);
      const children = childrenOf(holder.pid());
      await holder.kill(signal);
      await expect.poll(async () => (await read()).run, POLL).toBeGreaterThan(run);
      await expect.poll(async () => (await read()).state, POLL).toBe("live");
      expect((await vi.waitFor(live, POLL)).name).not.toBe(holder.name);
      await expect.poll(() => children.filter(({ pid }) => existsSync(`/proc/${pid}`)), POLL).toEqual([]);
      await expect.poll(async () => (await cluster.listLives()).length, POLL).toBe(1);
      await holder.restart();
    }
  } finally {
    await looping.stop();
  }
});
