import { type NodeCallHandlers, serveSubject } from "@fairlead/bus";
import { FairleadError, type HlsReport, type NodeCallRequest, subjects } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { expect, it, onTestFinished } from "vitest";
import { openRoom } from "../room/testing/open-room.ts";
import { useTwoCores } from "../room/testing/use-two-cores.ts";
import { Packaging } from "./packaging.ts";
import type { Holder } from "./publisher-place.ts";
import { recordOf } from "./testing/record-of.ts";

const cores = useTwoCores();
const OPUS: types.RtpCodecParameters = {
  ...{ mimeType: "audio/opus", payloadType: 100, clockRate: 48_000, channels: 2 },
};
const VP8: types.RtpCodecParameters = { mimeType: "video/VP8", payloadType: 101, clockRate: 90_000 };
type Job = NodeCallRequest<"hls.package">;
/** The test's own transport and two producers, whose owner is no room's. */
const SOURCES_OF_TEST = 3;

/** A publisher's home, and a packager that takes jobs, or refuses as it is told. */
async function setUp() {
  const { room, clock, surplus, guest } = await openRoom(cores, { kind: "broadcast" });
  const { bus } = room.deps;
  let run = 10;
  const packaging = new Packaging({
    ...{
      room,
      record: () => recordOf({ createdAtMs: 0 }),
      elapsed: () => clock.nowMs,
      reach: { ip: "127.0.0.1" },
    },
    nextRun: () => (run += 1),
    asksAboutViewers: true,
  });
  onTestFinished(() => packaging.close());
  const jobs: Job[] = [];
  const pipe = { ip: "127.0.0.1", port: 40_000 };
  const take: NodeCallHandlers["hls.package"] = (job) => {
    jobs.push(job);
    return { pipe };
  };
  const rethrow = (error: unknown) => {
    throw error;
  };
  const listen = (answer = take) =>
    serveSubject(bus, subjects.liveJobs, { "hls.package": answer }, { queue: "live", onBug: rethrow });
  const direct = await guest.router.createDirectTransport({ appData: { owner: guest.owner } });
  const produce = (source: string, codec: types.RtpCodecParameters, ssrc: number) =>
    direct.produce({
      kind: source === "camera" ? "video" : "audio",
      rtpParameters: { codecs: [codec], encodings: [{ ssrc }] },
      appData: { owner: guest.owner, source },
    });
  const producers = [await produce("camera", VP8, 1), await produce("microphone", OPUS, 2)];
  const holder = { run: 7, seat: () => guest, producers: () => producers } as unknown as Holder;
  const tick = async (wanted: Holder | null = holder) => {
    clock.nowMs += 1_000;
    await packaging.tick(wanted);
  };
  const reportOf = (given: Partial<HlsReport> = {}) => ({
    ...{ run: 7, nextSequence: 5, url: "https://hls/r/", viewers: 3, ...given },
  });
  return { packaging, clock, surplus, jobs, take, listen, tick, holder, producers, produce, reportOf };
}

it("a live publisher's media goes to a process that takes the job, and its viewers are counted", async () => {
  const { packaging, surplus, jobs, listen, tick, reportOf } = await setUp();
  const ownersOf = () => surplus().map(({ owner }) => owner?.egressId);
  await tick();
  expect(packaging.served).toBeUndefined();
  listen();
  await tick();
  await tick();
  // Nobody takes what feeds a packager for left over.
  expect(ownersOf().filter((id) => id !== undefined)).toEqual([]);
  expect(ownersOf().length).toBe(SOURCES_OF_TEST);
  const [job] = jobs;
  expect(job).toMatchObject({ roomId: "r", incarnation: "i", epoch: 1, order: { run: 7 } });
  expect(job?.tracks.map(({ kind, source }) => [kind, source])).toEqual([
    ["video", "camera"],
    ["audio", "microphone"],
  ]);
  packaging.prove(job?.jobId ?? "", reportOf());
  expect(packaging.served).toEqual({ url: "https://hls/r/", viewers: 3 });
  await tick();
  expect(jobs).toHaveLength(1);
});

it("a packager that is silent for five seconds is replaced under the next run, further on in the sequence", async () => {
  const { packaging, jobs, listen, tick, reportOf } = await setUp();
  listen();
  await tick();
  packaging.prove(jobs[0]?.jobId ?? "", reportOf({ nextSequence: 400 }));
  for (let seconds = 0; seconds < 5; seconds += 1) await tick();
  expect(jobs).toHaveLength(1);
  await tick();
  await tick();
  expect([packaging.served, packaging.viewers]).toEqual([undefined, 0]);
  expect(jobs.map(({ order }) => order)).toEqual([
    { run: 7, firstSequence: 4, asksAboutViewers: true },
    { run: 11, firstSequence: 400, reportedSequence: 400, asksAboutViewers: true },
  ]);
  expect(() => packaging.prove(jobs[0]?.jobId ?? "", reportOf())).toThrow(FairleadError);
});

it("a packager that has made nothing yet is alive by its proofs, and none by what it made before", async () => {
  const { packaging, jobs, listen, tick, reportOf } = await setUp();
  listen();
  await tick();
  const jobId = jobs[0]?.jobId ?? "";
  for (let seconds = 0; seconds < 12; seconds += 1) {
    if (seconds % 2 === 0) packaging.prove(jobId);
    await tick();
  }
  expect([jobs.length, packaging.served]).toEqual([1, undefined]);
  packaging.prove(jobId, reportOf());
  expect(packaging.served).toBeDefined();
  packaging.prove(jobId);
  expect(packaging.served).toBeUndefined();
});

it("a packager may prove itself before its answer is read", async () => {
  const { packaging, jobs, listen, tick, take } = await setUp();
  listen((job, headers) => {
    packaging.prove(job.jobId);
    return take(job, headers);
  });
  await tick();
  packaging.prove(jobs[0]?.jobId ?? "");
});

it("a pause of this process is nobody's silence", async () => {
  const { packaging, clock, jobs, listen, tick, reportOf } = await setUp();
  listen();
  await tick();
  packaging.prove(jobs[0]?.jobId ?? "", reportOf());
  clock.nowMs += 60_000;
  await tick();
  expect(jobs).toHaveLength(1);
});

it("a refusal uses no run up, and is asked again later and later; a packager that leaves is replaced at once", async () => {
  const { packaging, jobs, listen, tick } = await setUp();
  let refusals = 0;
  const full = listen(() => {
    refusals += 1;
    throw new FairleadError("no_capacity");
  });
  for (let seconds = 0; seconds < 7; seconds += 1) await tick();
  expect(refusals).toBe(3);
  full.unsubscribe();
  listen();
  await tick();
  expect(jobs.map(({ order }) => order.run)).toEqual([7]);
  packaging.leave(jobs[0]?.jobId ?? "");
  await tick();
  expect(jobs.map(({ order }) => order.run)).toEqual([7, 11]);
});

it("another track, another job; and none when the publisher is gone, or not live", async () => {
  const { jobs, listen, tick, producers, produce } = await setUp();
  const audio = producers.splice(1);
  listen();
  await tick();
  await tick();
  expect(jobs.map(({ tracks }) => tracks.length)).toEqual([1]);
  producers.push(...audio);
  await tick();
  await tick();
  expect(jobs.map(({ tracks }) => tracks.length)).toEqual([1, 2]);
  producers.push(await produce("screen", VP8, 3));
  await tick();
  await tick(null);
  await tick(null);
  expect(jobs).toHaveLength(2);
});

it("an RTMP publisher's own process packages it while it is wanted: nobody else is asked", async () => {
  const { packaging, jobs, listen, tick, holder, reportOf } = await setUp();
  const { seat: _, ...rtmp } = holder;
  listen();
  expect(packaging.exchange(rtmp, undefined)).toBeUndefined();
  await tick(rtmp);
  expect(packaging.exchange(rtmp, undefined)).toMatchObject({ run: 7, firstSequence: 4 });
  expect(packaging.exchange(rtmp, reportOf({ nextSequence: 50 }))).toMatchObject({
    ...{ run: 7, firstSequence: 50, reportedSequence: 50 },
  });
  expect([packaging.viewers, packaging.strangers]).toEqual([3, 0]);
  packaging.exchange(rtmp, reportOf({ viewers: 5_000, admittedViewers: 2 }));
  expect([packaging.viewers, packaging.strangers]).toEqual([5_000, 4_998]);
  expect(packaging.exchange({ ...rtmp }, reportOf())).toBeUndefined();
  await tick(rtmp);
  expect(jobs).toEqual([]);
});
