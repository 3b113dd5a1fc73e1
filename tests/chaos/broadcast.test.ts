import type { Broadcast, BroadcastWithKey, SurplusListing } from "@fairlead/protocol";
import { issueTicket } from "@fairlead/tickets";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Chromium, launchChromium } from "../support/chromium.ts";
import { type ProcessCluster, startProcessCluster } from "../support/clusters/start-process-cluster.ts";
import { ProtocolClient } from "../support/protocol-client.ts";
import { expectPictures } from "../support/sdp-page/expect-pictures.ts";
import { openSdpPage, type SdpPage } from "../support/sdp-page/sdp-page.ts";

const POLL = { timeout: 30_000, interval: 100 };

/** NATS hears of a client that stands still after two pings: until then it may be asked. */
const HLS_POLL = { timeout: 60_000, interval: 200 };

let cluster: ProcessCluster;
let chromium: Chromium;
let broadcast: BroadcastWithKey;
let encoder: SdpPage;
let watcher: SdpPage;
let viewer: ProtocolClient;

beforeAll(async () => {
  const env = { FAIRLEAD_LIMIT_ADDRESS: "off", FAIRLEAD_LIMIT_ROOM: "off" };
  [cluster, chromium] = await Promise.all([
    startProcessCluster({ name: "broadcast", signaling: 1, nodes: 3, lives: 2, env }),
    launchChromium(),
  ]);
  const settings = { title: "A show", visibility: "public", graceMs: 20_000 };
  broadcast = await cluster.api<BroadcastWithKey>("POST", "/v1/broadcasts", settings);
});
afterAll(() => Promise.all([cluster?.close(), chromium?.close()]));

const urlOf = (kind: "whip" | "whep") => `${cluster.url}/v1/broadcasts/${broadcast.broadcastId}/${kind}`;
const read = () => cluster.api<Broadcast>("GET", `/v1/broadcasts/${broadcast.broadcastId}`);
const stateNow = async () => (await read()).state;

async function homeNow() {
  const { placement } = await cluster.room(broadcast.broadcastId);
  return cluster.node(placement?.nodeId ?? expect.fail("no home"));
}

function told({ frames }: ProtocolClient): string[] {
  return frames.flatMap((frame) => {
    if (frame.type !== "event") return [];
    const { event } = frame;
    return event.name === "broadcast.changed" ? [event.data.state] : [];
  });
}

/** The viewer's client is told of a move, and joins anew on its socket. */
async function follow(moves: number): Promise<void> {
  const moved = () => viewer.frames.filter(({ type }) => type === "moved" || type === "error").length;
  await viewer.until(() => moved() >= moves, "a move");
  const join = async () => {
    if (!viewer.isConnected) await viewer.connect();
    await viewer.rejoin();
  };
  await vi.waitFor(join, POLL);
}

it("goes live by WHIP; viewers watch by WHEP and hear of it by their sessions", async () => {
  const room = broadcast.broadcastId;
  const { ticket } = await issueTicket(cluster.ticketKeys, { room, identity: "ann", role: "viewer" });
  viewer = await ProtocolClient.join(cluster.url, { ticket });
  encoder = await openSdpPage(chromium.context, "whip", { url: urlOf("whip"), bearer: broadcast.streamKey });
  watcher = await openSdpPage(chromium.context, "whep", { url: urlOf("whep"), bearer: null });
  await expect.poll(stateNow, POLL).toBe("live");
  await expectPictures(watcher);
  await viewer.until(() => viewer.view.consumers.size === 2, "the publisher's tracks");
  expect(told(viewer)).toEqual(["created", "live"]);
  expect(await read()).toMatchObject({ viewers: 2, publisher: { kind: "whip" } });
});

it("a ban takes a viewer by WHEP out, and keeps it out", async () => {
  const room = broadcast.broadcastId;
  const { ticket: bearer } = await issueTicket(cluster.ticketKeys, { room, identity: "eve", role: "viewer" });
  const eve = await openSdpPage(chromium.context, "whep", { url: urlOf("whep"), bearer });
  const viewers = async () => (await read()).viewers;
  await expect.poll(viewers, POLL).toBe(3);
  await cluster.api("PUT", `/v1/rooms/${room}/bans/eve`);
  await expect.poll(viewers, POLL).toBe(2);
  const answer = await eve.page.evaluate(
    async ([url = "", token]) => {
      const pc = new RTCPeerConnection();
      pc.addTransceiver("video", { direction: "recvonly" });
      const { sdp } = await pc.createOffer();
      const headers = { "content-type": "application/sdp", authorization: `Bearer ${token}` };
      return (await fetch(url, { method: "POST", headers, body: sdp })).status;
    },
    [urlOf("whep"), bearer],
  );
  expect(answer).toBe(403);
  await eve.page.close();
});

/** Where its playlists are now; null: nobody serves it. */
async function playlistNow(): Promise<string | null> {
  const url = `${cluster.url}/v1/broadcasts/${broadcast.broadcastId}/hls`;
  return (await fetch(url, { redirect: "manual" })).headers.get("location");
}

/** Of its newest segment that is whole; -1: nobody serves it. */
async function sequenceNow(): Promise<number> {
  const index = await playlistNow();
  const media = index ? await fetch(new URL("source/index.m3u8", index)).catch(() => null) : null;
  const names = media?.ok ? [...(await media.text()).matchAll(/^\d+-(\d+)\.m4s$/gm)] : [];
  return names.length > 0 ? Number(names.at(-1)?.[1]) : -1;
}

async function packagerNow() {
  const url = await playlistNow();
  return cluster.lives.find(({ hlsUrl }) => url?.startsWith(hlsUrl));
}

/** Another process has taken the broadcast over, beyond the segments that there were. */
async function expectPackagedElsewhere(before: string, sequence: number): Promise<void> {
  await expect.poll(async () => (await packagerNow())?.name ?? before, HLS_POLL).not.toBe(before);
  await expect.poll(sequenceNow, HLS_POLL).toBeGreaterThan(sequence);
}

it("is served by HLS; a packager that stands still is replaced, and has no say when it goes on", async () => {
  await expect.poll(sequenceNow, HLS_POLL).toBeGreaterThan(-1);
  const first = (await packagerNow()) ?? expect.fail("no packager");
  const sequence = await sequenceNow();
  first.kill("SIGSTOP");
  await expectPackagedElsewhere(first.name, sequence);
  first.kill("SIGCONT");
  // It sees how long it has made nothing, or is told that its job is another's.
  const isOver = () => first.log.some(({ msg }) => msg === "job.over" || msg === "job.given_up");
  await expect.poll(isOver, HLS_POLL).toBe(true);
  expect((await packagerNow())?.name).not.toBe(first.name);
});

it("a packager that is killed is replaced, and the sequence never goes back", async () => {
  const second = (await packagerNow()) ?? expect.fail("no packager");
  const sequence = await sequenceNow();
  second.kill("SIGKILL");
  await expectPackagedElsewhere(second.name, sequence);
});

it("outlives its home: publisher and viewers come back, under a higher run, and it never ended", async () => {
  const { run } = await read();
  const home = await homeNow();
  home.kill("SIGKILL");
  await follow(1);
  await expect.poll(async () => (await read()).publisher?.kind, POLL).toBe("whip");
  await expect.poll(stateNow, POLL).toBe("live");
  await expectPictures(watcher);
  expect((await read()).run).toBeGreaterThan(run);
  expect(told(viewer)).not.toContain("ended");
});

it("outlives a drain of its home as well", async () => {
  const { run } = await read();
  const home = await homeNow();
  await cluster.api("POST", `/v1/nodes/${home.name}/drain`);
  await follow(2);
  await expect.poll(async () => (await read()).run, POLL).toBeGreaterThan(run);
  await expect.poll(stateNow, POLL).toBe("live");
  await expectPictures(watcher);
  expect(told(viewer)).not.toContain("ended");
  expect((await homeNow()).name).not.toBe(home.name);
  await cluster.api("DELETE", `/v1/nodes/${home.name}/drain`);
});

it("its record comes back after a flush of Redis, with its key", async () => {
  await cluster.redis.flush();
  await expect
    .poll(
      () =>
        read().then(
          ({ state }) => state,
          () => "unknown",
        ),
      POLL,
    )
    .toBe("live");
  await expectPictures(watcher);
  const sessions = await encoder.sessions();
  await encoder.page.evaluate(() => sdpSession.pc?.close());
  await encoder.page.evaluate(() => sdpSession.pc?.dispatchEvent(new Event("connectionstatechange")));
  await expect.poll(() => encoder.sessions(), POLL).toBeGreaterThan(sessions);
  await expect.poll(stateNow, POLL).toBe("live");
});

it("without its publisher it is interrupted, then ended; everybody is told, and nothing is left", async () => {
  await cluster.api("PATCH", `/v1/broadcasts/${broadcast.broadcastId}`, { graceMs: 2_000 });
  await encoder.page.close({ runBeforeUnload: false });
  await viewer.until(() => viewer.isClosed, "its end");
  expect(told(viewer).slice(-2)).toEqual(["interrupted", "ended"]);
  await expect.poll(stateNow, POLL).toBe("ended");
  await watcher.page.close();
  await expect
    .poll(async () => (await cluster.rooms()).filter(({ placement }) => placement), POLL)
    .toEqual([]);
  const { surplus } = await cluster.api<SurplusListing>("GET", "/v1/surplus");
  expect(surplus).toEqual([]);
  const load = async () =>
    (await cluster.listNodes()).flatMap(({ cores }) =>
      cores.map(({ consumers, rooms }) => consumers + rooms),
    );
  await expect.poll(load, POLL).toEqual([0, 0]);
});
