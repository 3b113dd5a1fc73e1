import { provideWorker } from "@fairlead/mediasoup-worker";
import { Ledger } from "@fairlead/mediasoup-worker/ledger";
import { DEFAULT_CODEC_POLICY, mediaCodecs } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { expect, it, onTestFinished } from "vitest";
import { type RunningWorker, startWorker } from "../worker/start-worker.ts";
import { KEY_FRAME_REQUEST_DELAY_MS } from "./announce-producer.ts";
import { LOOPBACK } from "./pipe-end.ts";
import { Seat } from "./seat.ts";
import { Span } from "./span.ts";

const CODECS = mediaCodecs(DEFAULT_CODEC_POLICY) as types.RouterRtpCodecCapability[];
const SSRC = 1_111;
const PAYLOAD_TYPE = 101;
/** Picture loss indication (RFC 4585 § 6.3.1). */
const [PSFB, PLI] = [206, 1];

/** A room with a seat on each of three cores, at home on the first, and a camera on the second. */
async function setUp() {
  const { bin: workerBin } = await provideWorker();
  const addresses = { listenAddresses: () => [{ ip: "127.0.0.1" }], rtcBasePort: null, rtcTcpBasePort: null };
  const start = (core: number) => startWorker(core, { workerBin, ...addresses }, new Ledger(), Math.random);
  const workers: RunningWorker[] = await Promise.all([0, 1, 2].map(start));
  const openSeat = (core: number) =>
    Seat.open(workers[core] ?? expect.fail("no such worker"), CODECS, { core, roomId: "r" });
  const errors: unknown[] = [];
  const span = new Span(await openSeat(0), {
    openSeat,
    onOpened: () => {},
    onGone: () => {},
    pipeReach: LOOPBACK,
    now: Date.now,
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => {
    expect(errors).toEqual([]);
    for (const { worker } of workers) worker.close();
  });
  for (const core of [1, 2]) await span.seatOn(core);
  /** SIGKILL; another worker takes its place. */
  const replaceWorker = async (core: number) => {
    const { worker } = workers[core] ?? expect.fail("no such worker");
    const died = new Promise((resolve) => worker.once("died", resolve));
    process.kill(worker.pid, "SIGKILL");
    await died;
    workers[core] = await start(core);
  };
  return { span, replaceWorker, camera: await cameraOn(await span.seatOn(1)) };
}

/** Its packets are a key frame each. */
async function cameraOn(seat: Seat) {
  const appData = { owner: { ...seat.owner, peerId: "ann" } };
  const transport = await seat.router.createDirectTransport({ appData });
  let sent = 0;
  /** When it was asked for a key frame, ms. */
  const askedAtMs: number[] = [];
  transport.on("rtcp", (rtcp) => {
    for (let at = 0; at + 4 <= rtcp.length; at += 4 + 4 * rtcp.readUInt16BE(at + 2))
      if (rtcp.readUInt8(at + 1) === PSFB && (rtcp.readUInt8(at) & 0x1f) === PLI)
        askedAtMs.push(performance.now());
  });
  const producer = await transport.produce({
    kind: "video",
    rtpParameters: {
      codecs: [
        {
          mimeType: "video/VP8",
          payloadType: PAYLOAD_TYPE,
          clockRate: 90_000,
          rtcpFeedback: [{ type: "nack", parameter: "pli" }],
        },
      ],
      encodings: [{ ssrc: SSRC }],
    },
    keyFrameRequestDelay: KEY_FRAME_REQUEST_DELAY_MS,
    appData,
  });
  const send = () => {
    const packet = Buffer.alloc(60);
    packet.writeUInt8(0x80, 0);
    packet.writeUInt8(0x80 | PAYLOAD_TYPE, 1);
    packet.writeUInt16BE(++sent, 2);
    packet.writeUInt32BE(sent * 3_000, 4);
    packet.writeUInt32BE(SSRC, 8);
    // Payload descriptor: start of the partition. Payload header of a key frame: P is 0.
    packet.writeUInt8(0x10, 12);
    producer.send(packet);
  };
  return { producer, send, askedAtMs };
}

type Camera = Awaited<ReturnType<typeof cameraOn>>;

/** Who watches on a seat, and the numbers of the packets that it got. */
async function watchOn(span: Span, core: number, { producer }: Camera) {
  const seat = await span.seatOn(core);
  const transport = await seat.router.createDirectTransport({ appData: { owner: seat.owner } });
  const { id: producerId, piped } = await span.bring(producer, seat);
  const consumer = await transport.consume({ producerId, rtpCapabilities: seat.router.rtpCapabilities });
  piped?.serve(consumer);
  const numbers: number[] = [];
  consumer.on("rtp", (packet) => numbers.push(packet.readUInt16BE(2)));
  return { consumer, numbers };
}

type Watcher = Awaited<ReturnType<typeof watchOn>>;

async function untilSeen({ send }: Camera, watchers: readonly Watcher[]): Promise<void> {
  const seenBefore = watchers.map(({ numbers }) => numbers.length);
  const haveAll = () => {
    send();
    return watchers.every(({ numbers }, index) => numbers.length > (seenBefore[index] ?? 0));
  };
  await expect.poll(haveAll, { timeout: 10_000, interval: 20 }).toBe(true);
}

it.each([
  ["home", 0, 2],
  ["another seat", 2, 0],
])(
  "a core dies that was %s: media between the others goes on without a gap, and reaches the core's new worker",
  async (_, dying, surviving) => {
    const { span, replaceWorker, camera } = await setUp();
    const watchers = await Promise.all([1, surviving, dying].map((core) => watchOn(span, core, camera)));
    await untilSeen(camera, watchers);
    const survivors = watchers.slice(0, 2);
    const sending = setInterval(camera.send, 5);
    onTestFinished(() => clearInterval(sending));
    await replaceWorker(dying);
    const lost = span.lose(dying);
    if (span.home === lost) span.settleOn(await span.seatOn(1));
    await untilSeen(camera, survivors);
    const back = await watchOn(span, dying, camera);
    await untilSeen(camera, [...survivors, back]);
    clearInterval(sending);
    for (const { numbers } of survivors) {
      const [first = 0] = numbers;
      expect(numbers).toEqual(numbers.map((_, index) => first + index));
    }
  },
);

it("viewers on three cores who all ask for key frames at once cost the camera one request for each time that it holds them back", async () => {
  const { span, camera } = await setUp();
  const watchers = await Promise.all(
    Array.from({ length: 24 }, (_, index) => watchOn(span, index % 3, camera)),
  );
  await untilSeen(camera, watchers);
  const sending = setInterval(camera.send, 5);
  onTestFinished(() => clearInterval(sending));
  // What their coming asked for is over.
  await settled(camera);
  camera.askedAtMs.length = 0;
  for (let round = 0; round < 20; round += 1)
    await Promise.all(watchers.map(({ consumer }) => consumer.requestKeyFrame()));
  await settled(camera);
  const [first = Number.NaN] = camera.askedAtMs;
  const overMs = (camera.askedAtMs.at(-1) ?? first) - first;
  expect(camera.askedAtMs.length).toBeGreaterThan(0);
  // One at once, and one for each time that its delay has passed; the clocks of two processes round.
  expect(camera.askedAtMs.length).toBeLessThanOrEqual(2 + Math.ceil(overMs / KEY_FRAME_REQUEST_DELAY_MS));
});

/** No request has come for longer than requests are held back. */
async function settled({ askedAtMs }: Camera): Promise<void> {
  let known = -1;
  const isQuiet = () => {
    const wasKnown = known;
    known = askedAtMs.length;
    return known === wasKnown;
  };
  await expect.poll(isQuiet, { timeout: 10_000, interval: 700 }).toBe(true);
}
