import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { types } from "mediasoup";
import { expect, it, onTestFinished } from "vitest";
import { LOOPBACK, type PipeReach } from "./pipe-end.ts";
import type { Seat } from "./seat.ts";
import { Span } from "./span.ts";
import { useTwoCores } from "./testing/use-two-cores.ts";

const { ledger, openSeat, expectAgreement } = useTwoCores();

/** A room's seats on two cores, with what comes into being on them. */
async function setUp(pipeReach: PipeReach = LOOPBACK) {
  const clock = { nowMs: 0 };
  const errors: unknown[] = [];
  const home = await openSeat(0);
  const gone: Seat[] = [];
  const seats = { openSeat, onOpened: () => {}, onGone: (seat: Seat) => gone.push(seat) };
  const options = { ...seats, pipeReach, now: () => clock.nowMs };
  const span = new Span(home, { ...options, onError: (error) => errors.push(error) });
  const guest = await span.seatOn(1);
  const sent: types.Consumer[] = [];
  home.router.observer.on("newtransport", (transport) =>
    transport.observer.on("newconsumer", (consumer) => sent.push(consumer)),
  );
  onTestFinished(() => {
    span.close();
    expect(errors).toEqual([]);
  });
  return { span, home, guest, gone, sent, clock, publisher: await publisherOn(home) };
}

async function publisherOn(seat: Seat) {
  const appData = { owner: { ...seat.owner, peerId: "ann" }, peerId: "ann" };
  const transport = await seat.router.createDirectTransport({ appData });
  let sequence = 0;
  const audio = await transport.produce({
    kind: "audio",
    rtpParameters: {
      codecs: [{ mimeType: "audio/opus", clockRate: 48_000, channels: 2, payloadType: 100 }],
      encodings: [{ ssrc: 1_111 }],
    },
    appData,
  });
  const data = await transport.produceData({ label: "chat", appData });
  const speak = () => {
    const packet = Buffer.alloc(60);
    packet.writeUInt8(0x80, 0);
    packet.writeUInt8(100, 1);
    packet.writeUInt16BE(++sequence, 2);
    packet.writeUInt32BE(sequence * 960, 4);
    packet.writeUInt32BE(1_111, 8);
    audio.send(packet);
  };
  return { transport, audio, data, speak };
}

/** A listener on a seat, paused, and how many packets it got. */
async function listenOn(span: Span, seat: Seat, producer: types.Producer) {
  const transport = await seat.router.createDirectTransport({ appData: { owner: seat.owner } });
  const { id: producerId, piped } = await span.bring(producer, seat);
  const { rtpCapabilities } = seat.router;
  const consumer = await transport.consume({ producerId, rtpCapabilities, paused: true });
  piped?.serve(consumer);
  let packets = 0;
  consumer.on("rtp", () => {
    packets += 1;
  });
  const leave = () => transport.close();
  return { consumer, packets: () => packets, leave, piped: piped ?? expect.fail("not piped") };
}

async function untilHeard(speak: () => void, { packets }: { packets: () => number }): Promise<void> {
  const before = packets();
  const heard = () => {
    speak();
    return packets();
  };
  await expect.poll(heard, { timeout: 10_000 }).toBeGreaterThan(before);
}

it.each([
  ["inside a node", LOOPBACK],
  ["as between two hosts, encrypted", { ...LOOPBACK, isAcrossHosts: true }],
])("media goes to another seat %s, and flows only while somebody there consumes", async (_, reach) => {
  const { span, home, guest, sent, publisher } = await setUp(reach);
  const listener = await listenOn(span, guest, publisher.audio);
  expect(sent.map(({ paused }) => paused)).toEqual([true]);
  await listener.consumer.resume();
  await untilHeard(publisher.speak, listener);
  await listener.consumer.pause();
  await expect.poll(() => sent[0]?.paused).toBe(true);
  await listener.consumer.resume();
  await untilHeard(publisher.speak, listener);
  // Only the origin's own pause is the producer's.
  expect(listener.consumer.producerPaused).toBe(false);
  await expectAgreement([home, guest]);
});

it("data goes to another seat", async () => {
  const { span, guest, publisher } = await setUp();
  const transport = await guest.router.createDirectTransport();
  const { id: dataProducerId, piped } = await span.bring(publisher.data, guest);
  const consumer = await transport.consumeData({ dataProducerId });
  piped?.serve(consumer);
  const heard: string[] = [];
  consumer.on("message", (message) => heard.push(message.toString()));
  const say = () => {
    publisher.data.send("hello");
    return heard[0];
  };
  await expect.poll(say, { timeout: 10_000, interval: 50 }).toBe("hello");
});

it("whoever asks at once shares one pair of transports and one producer; it ends with the origin", async () => {
  const { span, guest, sent, publisher } = await setUp();
  const listeners = await Promise.all([1, 2, 3].map(() => listenOn(span, guest, publisher.audio)));
  expect(new Set(listeners.map(({ piped }) => piped)).size).toBe(1);
  expect(sent).toHaveLength(1);
  const closed = listeners.map(({ consumer }) => once(consumer, "producerclose"));
  publisher.audio.close();
  await Promise.all(closed);
  expect(span.hasPiped(sent[0]?.id ?? "")).toBe(false);
});

it("a pipe that nobody uses is closed after 30 seconds, and made anew when it is needed", async () => {
  const { span, home, guest, sent, clock, publisher } = await setUp();
  const first = await listenOn(span, guest, publisher.audio);
  clock.nowMs = 100_000;
  span.sweep();
  expect(sent[0]?.closed).toBe(false);
  first.consumer.close();
  clock.nowMs += 29_999;
  span.sweep();
  expect(sent[0]?.closed).toBe(false);
  clock.nowMs += 1;
  span.sweep();
  expect(sent[0]?.closed).toBe(true);
  clock.nowMs += 30_000;
  span.sweep();
  await expectAgreement([home, guest]);
  const pipes = ledger.entries().filter(({ kind, id }) => kind === "transport" && span.hasPiped(id));
  expect(pipes).toEqual([]);
  const second = await listenOn(span, guest, publisher.audio);
  await second.consumer.resume();
  await untilHeard(publisher.speak, second);
});

it("a guest's seat that nobody sits on gives its router back after 30 seconds, and is opened anew when it is needed", async () => {
  const { span, home, guest, gone, clock, publisher } = await setUp();
  const listener = await listenOn(span, guest, publisher.audio);
  const later = (ms: number) => {
    clock.nowMs += ms;
    span.sweep();
    return guest.closed;
  };
  expect(later(100_000), "with somebody on it").toBe(false);
  listener.leave();
  expect(later(29_999)).toBe(false);
  // Somebody is about to come.
  expect(await span.seatOn(1)).toBe(guest);
  expect(later(29_999)).toBe(false);
  expect(later(1), "though its pipe was not closed yet").toBe(true);
  expect([gone, span.seats]).toEqual([[guest], [home]]);
  expect(later(100_000)).toBe(true);
  expect(home.closed, "empty too").toBe(false);
  await expectAgreement([home]);
  const next = await span.seatOn(1);
  const again = await listenOn(span, next, publisher.audio);
  await again.consumer.resume();
  await untilHeard(publisher.speak, again);
});

it("a pair that could not be opened is not kept: the next one tries again", async () => {
  const taken = createSocket("udp4").bind(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address();
  const { span, guest, home, publisher } = await setUp({ ...LOOPBACK, ports: { min: port - 1, max: port } });
  await expect(span.bring(publisher.audio, guest)).rejects.toThrow();
  await expectAgreement([home, guest]);
  await new Promise<void>((resolve) => taken.close(() => resolve()));
  const { piped } = await span.bring(publisher.audio, guest);
  expect(piped?.closed).toBe(false);
});

it.each([0, 1, 2, 3, 5, 8])(
  "nothing is left of a pipe whose room closes %i ms into its making",
  async (ms) => {
    const { span, home, guest, publisher } = await setUp();
    const brought = Promise.allSettled([
      span.bring(publisher.audio, guest),
      span.bring(publisher.data, guest),
    ]);
    if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
    span.close();
    await brought;
    await expectAgreement([home, guest]);
    expect(ledger.entries().map(({ kind }) => kind)).toEqual(["webrtc_server", "webrtc_server"]);
  },
);

it("nothing is left of a pipe whose producer closes while it is being made", async () => {
  const { span, home, guest, sent, publisher } = await setUp();
  const brought = span.bring(publisher.audio, guest);
  publisher.audio.close();
  await expect(brought).rejects.toMatchObject({ code: "lease_lost" });
  expect(sent.every(({ closed }) => closed)).toBe(true);
  await expectAgreement([home, guest]);
});
