import { readdirSync, readFileSync } from "node:fs";
import type { Broadcast, BroadcastWithKey } from "@fairlead/protocol";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Chromium, launchChromium } from "../support/chromium.ts";
import { type ProcessCluster, startProcessCluster } from "../support/clusters/start-process-cluster.ts";
import { pushRtmp, type RtmpEncoder } from "../support/push-rtmp.ts";
import { openSdpPage, type SdpPage } from "../support/sdp-page/sdp-page.ts";
import { expectNoSurplus, expectNothingLeft } from "./expect-nothing-left.ts";

const POLL = { timeout: 30_000, interval: 100 };

let cluster: ProcessCluster;
let chromium: Chromium;
let broadcast: BroadcastWithKey;
let encoder: RtmpEncoder;
let watcher: SdpPage;

beforeAll(async () => {
  // With an address of their own, pipes are those between two hosts: SRTP and RTX.
  const env = {
    FAIRLEAD_LIMIT_ADDRESS: "off",
    FAIRLEAD_LIMIT_ROOM: "off",
    FAIRLEAD_PIPE_IP: "127.0.0.1",
  };
  [cluster, chromium] = await Promise.all([
    startProcessCluster({ name: "rtmp", signaling: 1, nodes: 3, lives: 1, env }),
    launchChromium(),
  ]);
  broadcast = await create();
});
afterAll(async () => {
  await encoder?.stop();
  await Promise.all([cluster?.close(), chromium?.close()]);
});

const create = () =>
  cluster.api<BroadcastWithKey>("POST", "/v1/broadcasts", { visibility: "public", graceMs: 20_000 });
const read = () => cluster.api<Broadcast>("GET", `/v1/broadcasts/${broadcast.broadcastId}`);
const push = ({ urls, streamKey }: BroadcastWithKey) => pushRtmp(`${urls.rtmp}/${streamKey}`);

function live() {
  return cluster.lives[0] ?? expect.fail("no live");
}

async function homeNow() {
  const { placement } = await cluster.room(broadcast.broadcastId);
  return cluster.node(placement?.nodeId ?? expect.fail("no home"));
}

/** Command lines of the processes that a process has started. */
function childrenOf(pid: number): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const parent = / (\d+) /.exec(
          readFileSync(`/proc/${name}/stat`, "utf8").replace(/^.*\) \S/, ""),
        )?.[1];
        return Number(parent) === pid
          ? [readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0")[0] ?? ""]
          : [];
      } catch {
        // Gone meanwhile.
        return [];
      }
    });
}

/** UDP sockets of the processes on this machine: pipes and plain RTP among them. */
function udpSockets(): number {
  return readFileSync("/proc/net/udp", "utf8").trim().split("\n").length - 1;
}

async function expectPictures(): Promise<void> {
  await vi.waitFor(async () => {
    const before = await watcher.frames();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await watcher.frames()).toBeGreaterThan(before);
  }, POLL);
}

/** The broadcast is the encoder's under a higher run, and the encoder has noticed nothing. */
async function expectCameBack(run: number): Promise<void> {
  await expect.poll(async () => (await read()).run, POLL).toBeGreaterThan(run);
  await expect.poll(async () => (await read()).state, POLL).toBe("live");
  await expectPictures();
  expect([encoder.isRunning(), encoder.said()]).toEqual([true, ""]);
}

it("an encoder goes live by RTMP, and browsers see it by WebRTC", async () => {
  encoder = push(broadcast);
  await expect.poll(async () => (await read()).state, POLL).toBe("live");
  const url = `${cluster.url}/v1/broadcasts/${broadcast.broadcastId}/whep`;
  watcher = await openSdpPage(chromium.context, "whep", { url, bearer: null });
  await expectPictures();
  await expect
    .poll(async () => (await read()).publisher, POLL)
    .toMatchObject({ kind: "rtmp", ingest: { isTranscoded: false, hasBFrames: false } });
});

it("it does not notice that its broadcast's home is killed", async () => {
  const { run } = await read();
  (await homeNow()).kill("SIGKILL");
  await expectCameBack(run);
});

it("it does not notice that its broadcast's home is drained", async () => {
  const [{ run }, home] = [await read(), await homeNow()];
  await cluster.api("POST", `/v1/nodes/${home.name}/drain`);
  await expectCameBack(run);
  expect((await homeNow()).name).not.toBe(home.name);
  await cluster.api("DELETE", `/v1/nodes/${home.name}/drain`);
});

it("a second encoder is refused in words while the first one sends", async () => {
  const second = push(broadcast);
  await second.ended;
  expect(second.said()).toContain("Another encoder is sending to this broadcast");
  await expectPictures();
});

it("a dead media worker is told in words, and the next encoder has another", async () => {
  const pid = live().log.findLast(({ msg }) => msg === "worker.started")?.pid;
  process.kill(Number(pid), "SIGKILL");
  await encoder.ended;
  expect(encoder.said()).toContain("The media worker of this server has failed. Connect again.");
  const { run } = await read();
  encoder = push(broadcast);
  await expectCameBack(run);
});

it("nothing is left of an encoder that has gone: no process, no socket, nothing in a worker", async () => {
  const pid = live().pid();
  expect(childrenOf(pid).filter((command) => /ffmpeg/.test(command))).toHaveLength(1);
  const sockets = udpSockets();
  await encoder.stop();
  await expect.poll(() => childrenOf(pid).filter((command) => /ffmpeg/.test(command)), POLL).toEqual([]);
  await expect.poll(udpSockets, POLL).toBeLessThan(sockets);
  await cluster.api("POST", `/v1/broadcasts/${broadcast.broadcastId}/end`);
  await watcher.page.close();
  await expectNothingLeft(cluster);
  await expectNoSurplus(cluster);
});

it("by SIGTERM it sends its encoders away in words, and leaves no process", async () => {
  broadcast = await create();
  encoder = push(broadcast);
  await expect.poll(async () => (await read()).state, POLL).toBe("live");
  await live().kill("SIGTERM");
  await encoder.ended;
  expect(encoder.said()).toContain("This server is shutting down. Connect again.");
  expect(childrenOf(live().pid())).toEqual([]);
});
