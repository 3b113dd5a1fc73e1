import { createMemoryBus } from "@fairlead/bus/memory";
import { provideWorker } from "@fairlead/mediasoup-worker";
import { Ledger } from "@fairlead/mediasoup-worker/ledger";
import { noMetrics, silentLogger } from "@fairlead/telemetry";
import { createWorker, type types } from "mediasoup";
import { afterAll, beforeAll, expect, it, onTestFinished } from "vitest";
import { Children } from "../encoder/children.ts";
import { Places } from "../encoder/places.ts";
import { findInPath, findSandbox } from "../encoder/sandbox.ts";
import { MediaWorker } from "../media/media-worker.ts";
import { serveJobs } from "./serve-jobs.ts";
import { collectRuns } from "./testing/collect-runs.ts";
import { RtpPusher } from "./testing/push-rtp.ts";
import { ScriptedHome } from "./testing/scripted-home.ts";

const POLL = { timeout: 20_000, interval: 50 };

let workerBin: string;
let homeWorker: types.Worker;

beforeAll(async () => {
  workerBin = (await provideWorker()).bin;
  homeWorker = await createWorker({ workerBin, logLevel: "error" });
}, 120_000);
afterAll(() => homeWorker?.close());

/** A home, and a process that packages. */
async function setUp({ most = 5, transcodes = 1 } = {}) {
  const bus = createMemoryBus();
  const home = await ScriptedHome.open(bus, homeWorker);
  const ledger = new Ledger();
  const log = silentLogger;
  const worker = new MediaWorker({ workerBin, ledger, metrics: noMetrics, log });
  const collected: ReturnType<typeof collectRuns>[] = [];
  const children = new Children();
  const places = new Places(transcodes);
  const jobs = serveJobs({
    ...{ bus, worker, reach: {}, mostJobs: () => most, log },
    now: () => performance.now(),
    host: {
      ...{ ffmpeg: findInPath("ffmpeg") ?? "ffmpeg", sandbox: findSandbox(1), children },
      ...{ limits: { longSide: 1_920, shortSide: 1_080 }, transcodes: places, threadsPerTranscode: 1 },
    },
    openPackager: ({ order: { run }, isTranscoded }) => {
      const runs = collectRuns();
      collected.push(runs);
      const report = () => {
        if (runs.count() === 0) return null;
        return { run, nextSequence: 1, url: "/hls/show/", viewers: 0, isTranscoded: isTranscoded() };
      };
      return { ...runs, report, close: async () => {} };
    },
  });
  const pushers: RtpPusher[] = [];
  onTestFinished(async () => {
    await Promise.all(pushers.map((pusher) => pusher.stop()));
    await jobs.close();
    await worker.close();
    home.close();
    await bus.close();
    expect(children.entries()).toEqual([]);
  });
  const push = async (mimeType: string) => {
    const pusher = await RtpPusher.open(home.router, mimeType);
    pushers.push(pusher);
    return pusher;
  };
  return { home, jobs, collected, ledger, places, push };
}

it("a job's media comes by SRTP, is packaged and proven, until its home says that it is over", async () => {
  const { home, jobs, collected, ledger, push } = await setUp();
  const [video, audio] = [await push("video/H264"), await push("audio/opus")];
  await Promise.all([video.pictures("320x240"), audio.sound()]);
  await home.ask("job-1", [video.producer, audio.producer], { run: 7, isAcrossHosts: true });
  expect(jobs.jobs()).toEqual([expect.objectContaining({ broadcastId: "show", jobId: "job-1", run: 7 })]);
  await expect.poll(() => home.proofs.length, POLL).toBeGreaterThan(1);
  expect(home.proofs[0]).toMatchObject({ jobId: "job-1", report: { run: 7, isTranscoded: false } });
  const run = collected[0]?.runs[0];
  expect(run?.init?.codecs).toMatch(/^avc1\.42c0\w\w,mp4a\.40\.2$/);
  expect(run?.init?.picture).toEqual({ width: 320, height: 240 });
  const owners = ledger.entries().map(({ owner }) => owner?.publisherId);
  expect(new Set(owners)).toEqual(new Set(["job-1"]));
  home.gone.add("job-1");
  await expect.poll(() => jobs.jobs(), POLL).toEqual([]);
  expect([home.left, ledger.entries()]).toEqual([[], []]);
});

it("VP8 takes a place for transcodes; without one it is refused, and H.264 is taken", async () => {
  const { home, jobs, push, places } = await setUp();
  const vp8 = await push("video/VP8");
  await home.ask("job-1", [vp8.producer]);
  await expect(home.ask("job-2", [vp8.producer])).rejects.toMatchObject({ code: "no_capacity" });
  const h264 = await push("video/H264");
  await home.ask("job-3", [h264.producer]);
  expect(jobs.jobs().map(({ jobId, isTranscoded }) => [jobId, isTranscoded])).toEqual([
    ["job-1", true],
    ["job-3", false],
  ]);
  await jobs.close();
  expect([home.left.sort(), places.taken]).toEqual([["job-1", "job-3"], 0]);
});

it("a process that is full, drained or closed hears of no job", async () => {
  const { home, jobs, push } = await setUp({ most: 1 });
  const { producer } = await push("audio/opus");
  const nobody = { code: "node_unreachable" };
  await home.ask("job-1", [producer]);
  await expect(home.ask("job-2", [producer])).rejects.toMatchObject(nobody);
  jobs.drain();
  await expect.poll(() => home.left, POLL).toEqual(["job-1"]);
  await expect(home.ask("job-3", [producer])).rejects.toMatchObject(nobody);
  jobs.undrain();
  await home.ask("job-4", [producer]);
  await jobs.close();
  await expect(home.ask("job-5", [producer])).rejects.toMatchObject(nobody);
});

it("a newer job of the same broadcast ends the one before it", async () => {
  const { home, jobs, push } = await setUp();
  const { producer } = await push("audio/opus");
  await home.ask("job-1", [producer], { run: 1 });
  await home.ask("job-2", [producer], { run: 2 });
  await expect.poll(() => jobs.jobs().map(({ jobId }) => jobId), POLL).toEqual(["job-2"]);
});

it("without an answer from its home a job is over after five seconds", async () => {
  const { home, jobs, collected, push } = await setUp();
  const { producer } = await push("audio/opus");
  await home.ask("job-1", [producer]);
  await expect.poll(() => collected[0]?.count(), POLL).toBeGreaterThan(0);
  home.fallSilent();
  await expect.poll(() => jobs.jobs(), POLL).toEqual([]);
});
