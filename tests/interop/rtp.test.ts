import type { EgressWithSdp, IngestWithKeys } from "@fairlead/protocol";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type MemoryCluster, startMemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { startAiortc } from "./aiortc-peer.ts";
import {
  type Decoder,
  freeEvenPort,
  pushByFfmpeg,
  pushByGStreamer,
  type Running,
  readByFfmpeg,
  readByGStreamer,
  sendGarbage,
} from "./rtp-programs.ts";

const CONNECTS_MS = 20_000;
const RTP = { ip: "127.0.0.1", networks: ["127.0.0.0/8"] };
const CAMERA = { source: "camera", codec: "h264" };
const MICROPHONE = { source: "microphone", codec: "opus" };

let cluster: MemoryCluster;
const open: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  cluster = await startMemoryCluster({ cores: 1, reach: { rtp: RTP } });
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
afterAll(async () => {
  expect(cluster.bugs).toEqual([]);
  await cluster.close();
});

function using<T extends Running>(program: T): T {
  open.push(() => program.close());
  return program;
}

async function api(method: string, path: string, body?: object) {
  const answer = await cluster.api(method, path, body);
  if (answer.status >= 400) expect.fail(`${method} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const ingest = (room: string, body: object): Promise<IngestWithKeys> =>
  api("POST", `/v1/rooms/${room}/ingests`, { kind: "rtp", ...body });
const egress = async (room: string, body: object = {}): Promise<EgressWithSdp> =>
  api("POST", `/v1/rooms/${room}/egresses`, {
    ...{ kind: "rtp", receiverAddress: "127.0.0.1", receiverPort: await freeEvenPort() },
    ...body,
  });

async function untilMedia(room: string, { ingestId }: IngestWithKeys): Promise<void> {
  const mediaAtMs = async () => (await api("GET", `/v1/rooms/${room}/ingests/${ingestId}`)).mediaAtMs;
  await expect.poll(mediaAtMs, { timeout: CONNECTS_MS }).not.toBeNull();
}

async function expectPictures(decoder: Decoder): Promise<void> {
  await expect.poll(decoder.frames, { timeout: CONNECTS_MS, message: decoder.said() }).toBeGreaterThan(10);
}

function trackOf({ tracks }: EgressWithSdp, kind: string) {
  return tracks.find((track) => track.kind === kind) ?? expect.fail(`no ${kind}`);
}

it("ffmpeg by SRTP publishes a broadcast, which is watched by WHEP, and read by ffmpeg by SRTP", async () => {
  const { broadcastId } = await api("POST", "/v1/broadcasts", { visibility: "public" });
  const opened = await ingest(broadcastId, { tracks: [CAMERA, MICROPHONE] });
  // Strangers' packets come first.
  await sendGarbage(opened);
  using(pushByFfmpeg(opened));
  const read = () => api("GET", `/v1/broadcasts/${broadcastId}`);
  await expect.poll(async () => (await read()).state, { timeout: CONNECTS_MS }).toBe("live");
  expect((await read()).publisher).toMatchObject({ kind: "rtp" });
  const viewer = startAiortc("watch", {
    url: `${cluster.url}/v1/broadcasts/${broadcastId}/whep`,
    token: null,
  });
  open.push(() => viewer.close());
  using(readByFfmpeg(trackOf(await egress(broadcastId), "audio")));
  await expectPictures(using(readByFfmpeg(trackOf(await egress(broadcastId), "video"))));
  await expect.poll(() => viewer.latest().frames, { timeout: CONNECTS_MS }).toBeGreaterThan(10);
  await expect.poll(() => viewer.latest().loudness, { timeout: CONNECTS_MS }).toBeGreaterThan(100);
});

it("ffmpeg by plain RTP from its address publishes in a meeting, which GStreamer reads by plain RTP", async () => {
  const from = await freeEvenPort();
  const opened = await ingest("meeting", {
    ...{ encrypted: false, senderAddress: "127.0.0.1", name: "Stage" },
    tracks: [{ source: "camera", codec: "vp8", senderPort: from }],
  });
  using(pushByFfmpeg(opened, [from]));
  await untilMedia("meeting", opened);
  const out = await egress("meeting", { encrypted: false, peerId: opened.peerId });
  await expectPictures(using(readByGStreamer(trackOf(out, "video"))));
});

it("GStreamer by SRTP is read by GStreamer by SRTP", async () => {
  const opened = await ingest("studio", { tracks: [{ source: "camera", codec: "vp8" }] });
  using(pushByGStreamer(opened, await freeEvenPort()));
  await untilMedia("studio", opened);
  await expectPictures(using(readByGStreamer(trackOf(await egress("studio"), "video"))));
});

it("GStreamer by plain RTP is asked for key frames by RTCP, so that who reads late sees pictures at once", async () => {
  const from = await freeEvenPort();
  const opened = await ingest("late", {
    ...{ encrypted: false, senderAddress: "127.0.0.1" },
    tracks: [{ source: "camera", codec: "vp8", senderPort: from }],
  });
  using(pushByGStreamer(opened, from));
  await untilMedia("late", opened);
  await expectPictures(using(readByGStreamer(trackOf(await egress("late"), "video"))));
});
