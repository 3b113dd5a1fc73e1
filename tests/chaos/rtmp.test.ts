import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { promisify } from "node:util";
import type { Broadcast, BroadcastWithKey } from "@fairlead/protocol";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Chromium, launchChromium } from "../support/chromium.ts";
import { type ProcessCluster, startProcessCluster } from "../support/clusters/start-process-cluster.ts";
import { childrenOf } from "../support/processes/children-of.ts";
import { keepPushingRtmp, pushRtmp, type RtmpEncoder } from "../support/push-rtmp.ts";
import { expectPictures } from "../support/sdp-page/expect-pictures.ts";
import { openSdpPage, type SdpPage } from "../support/sdp-page/sdp-page.ts";
import { expectNoSurplus, expectNothingLeft } from "./expect-nothing-left.ts";

const run = promisify(execFile);
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

/** Where players are led to. */
async function hlsUrl(): Promise<string> {
  const { urls } = await read();
  const { url, status } = await fetch(urls.hls ?? expect.fail("no HLS"));
  expect(status).toBe(200);
  return url;
}

/** The source's playlist: its first number, its whole segments, the number that comes next, and its discontinuities. */
async function mediaPlaylist(url: string) {
  const text = await (await fetch(new URL("source/index.m3u8", url))).text();
  const lines = text.split("\n");
  const count = (tag: string) => lines.filter((line) => line.split(":")[0] === tag).length;
  const first = Number(/#EXT-X-MEDIA-SEQUENCE:(\d+)/.exec(text)?.[1]);
  const whole = count("#EXTINF");
  return { first, whole, next: first + whole, discontinuities: count("#EXT-X-DISCONTINUITY") };
}

const ffmpegsOf = (pid: number) => childrenOf(pid).filter(({ command }) => /ffmpeg/.test(command));

/** UDP sockets of a process and those that it has started: pipes and plain RTP. */
function udpSocketsOf(pid: number): number {
  const inodes = new Set(
    readFileSync("/proc/net/udp", "utf8")
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/)[9]),
  );
  const open = [pid, ...childrenOf(pid).map((child) => child.pid)].flatMap(socketsOf);
  return new Set(open.filter((inode) => inodes.has(inode))).size;
}

function socketsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
      return /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [];
    });
  } catch {
    // Gone meanwhile.
    return [];
  }
}

/** The broadcast is the encoder's under a higher run, and the encoder has noticed nothing. */
async function expectCameBack(run: number): Promise<void> {
  await expect.poll(async () => (await read()).run, POLL).toBeGreaterThan(run);
  await expect.poll(async () => (await read()).state, POLL).toBe("live");
  await expectPictures(watcher);
  expect([encoder.isRunning(), encoder.said()]).toEqual([true, ""]);
}

it("an encoder goes live by RTMP, and browsers see it by WebRTC", async () => {
  encoder = push(broadcast);
  await expect.poll(async () => (await read()).state, POLL).toBe("live");
  const url = `${cluster.url}/v1/broadcasts/${broadcast.broadcastId}/whep`;
  watcher = await openSdpPage(chromium.context, "whep", { url, bearer: null });
  await expectPictures(watcher);
  await expect
    .poll(async () => (await read()).publisher, POLL)
    .toMatchObject({ kind: "rtmp", ingest: { isTranscoded: false, hasBFrames: false } });
});

it("the process that takes it in stands among the nodes, with what it carries", async () => {
  await expect
    .poll(() => cluster.listLives(), POLL)
    .toMatchObject([
      {
        nodeId: "live-1",
        state: "ready",
        cores: [],
        live: { publishers: 1, transcodes: 0, cpuLoad: expect.any(Number) },
      },
    ]);
});

it("ffmpeg plays it by HLS, and HLS goes on when the ffmpeg that makes it is killed", async () => {
  await expect.poll(async () => (await read()).hls, POLL).toBeDefined();
  const url = await hlsUrl();
  // ffmpeg knows no parts: it needs a whole segment.
  await expect.poll(async () => (await mediaPlaylist(url)).whole, POLL).toBeGreaterThan(0);
  const { stdout } = await run("ffprobe", [
    "-v",
    "error",
    "-show_entries",
    "stream=codec_name",
    "-of",
    "csv=p=0",
    url,
  ]);
  expect(new Set(stdout.trim().split(/\s+/))).toEqual(new Set(["h264", "aac"]));
  await run("ffmpeg", ["-v", "error", "-i", url, "-t", "2", "-f", "null", "-"]);
  const { next, discontinuities } = await mediaPlaylist(url);
  process.kill(ffmpegsOf(live().pid())[0]?.pid ?? expect.fail("no ffmpeg"), "SIGKILL");
  await expect.poll(async () => (await mediaPlaylist(url)).discontinuities, POLL).toBe(discontinuities + 1);
  expect((await mediaPlaylist(url)).next).toBeGreaterThanOrEqual(next);
  await expectPictures(watcher);
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
  await expectPictures(watcher);
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
  expect(ffmpegsOf(pid)).toHaveLength(1);
  expect(udpSocketsOf(pid)).toBeGreaterThan(0);
  await encoder.stop();
  await expect.poll(() => ffmpegsOf(pid), POLL).toEqual([]);
  await expect.poll(() => udpSocketsOf(pid), POLL).toBe(0);
  await cluster.api("POST", `/v1/broadcasts/${broadcast.broadcastId}/end`);
  await watcher.page.close();
  await expectNothingLeft(cluster);
  await expectNoSurplus(cluster);
});

it("where its process is killed and started anew, HLS goes on with higher numbers", async () => {
  broadcast = await create();
  encoder = push(broadcast);
  await expect.poll(async () => (await read()).hls, POLL).toBeDefined();
  const url = await hlsUrl();
  await expect.poll(async () => (await mediaPlaylist(url)).whole, POLL).toBeGreaterThan(0);
  const before = await mediaPlaylist(url);
  await live().kill("SIGKILL");
  await encoder.stop();
  await live().restart();
  // Its home takes another encoder two seconds after the last media: until then this one comes again, as OBS does.
  const persistent = keepPushingRtmp(`${broadcast.urls.rtmp}/${broadcast.streamKey}`);
  await expect.poll(async () => (await fetch((await read()).urls.hls ?? "")).status, POLL).toBe(200);
  expect((await mediaPlaylist(await hlsUrl())).first).toBeGreaterThanOrEqual(before.next);
  await persistent.stop();
});

it("by SIGTERM it sends its encoders away in words, and leaves no process", async () => {
  broadcast = await create();
  encoder = push(broadcast);
  await expect.poll(async () => (await read()).state, POLL).toBe("live");
  const children = childrenOf(live().pid());
  expect(children).toHaveLength(2);
  await live().kill("SIGTERM");
  await encoder.ended;
  expect(encoder.said()).toContain("This server is shutting down. Connect again.");
  await expect.poll(() => children.filter(({ pid }) => existsSync(`/proc/${pid}`)), POLL).toEqual([]);
});
