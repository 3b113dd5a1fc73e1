import { describe, expect, it } from "vitest";
import { encodePictures, type TestCodec } from "../testing/encode-pictures.ts";
import { assemblerOf } from "./assemblers.ts";
import { opusDurationMs } from "./opus.ts";
import { PacketOrder } from "./packet-order.ts";
import { PictureReader } from "./picture-reader.ts";
import { readRtp } from "./read-rtp.ts";
import { TrackClock } from "./track-clock.ts";

type Packet = { sequence: number; timestamp: number; isMarked: boolean; payload: Buffer };

function rtp({ sequence, timestamp, isMarked, payload }: Packet): Buffer {
  const head = Buffer.alloc(12);
  head[0] = 0x80;
  head[1] = 96 | (isMarked ? 0x80 : 0);
  head.writeUInt16BE(sequence % 65_536, 2);
  head.writeUInt32BE(timestamp, 4);
  return Buffer.concat([head, payload]);
}

const PIECE = 700;

function pieces(bytes: Buffer): Buffer[] {
  const count = Math.ceil(bytes.length / PIECE);
  return Array.from({ length: count }, (_, i) => bytes.subarray(i * PIECE, (i + 1) * PIECE));
}

/** How each codec is cut into packets. Our own, as ffmpeg's know fewer codecs. */
const CUTTERS: Record<string, (units: readonly Buffer[]) => Buffer[]> = {
  h264: (units) => {
    const [sps, pps, ...rest] = units;
    const isKey = units.length > 2 && sps && pps;
    const size = (unit: Buffer) => Buffer.from([unit.length >> 8, unit.length & 255]);
    const aggregate = isKey ? [Buffer.concat([Buffer.from([0x78]), size(sps), sps, size(pps), pps])] : [];
    const cut = (unit: Buffer) => {
      const [head = 0] = unit;
      const parts = pieces(unit.subarray(1));
      if (parts.length === 1) return [unit];
      return parts.map((part, i) => {
        const edge = (i === 0 ? 0x80 : 0) | (i === parts.length - 1 ? 0x40 : 0);
        return Buffer.concat([Buffer.from([(head & 0xe0) | 28, edge | (head & 31)]), part]);
      });
    };
    return [...aggregate, ...(isKey ? rest : units).flatMap(cut)];
  },
  vp8: ([frame = Buffer.alloc(0)]) =>
    pieces(frame).map((part, i) =>
      Buffer.concat([Buffer.from([0x80 | (i === 0 ? 0x10 : 0), 0x80, 0x81, 7]), part]),
    ),
  vp9: ([frame = Buffer.alloc(0)]) => {
    // The second bit of the frame's header after marker, profile and "shows another".
    const isKey = ((frame[0] ?? 0) & 0x04) === 0;
    return pieces(frame).map((part, i, all) => {
      const edge = (i === 0 ? 0x08 : 0) | (i === all.length - 1 ? 0x04 : 0);
      return Buffer.concat([Buffer.from([0x80 | (isKey ? 0 : 0x40) | edge, 0x81, 7]), part]);
    });
  },
  av1: ([frame = Buffer.alloc(0)]) =>
    obusOf(frame).flatMap((obu) =>
      pieces(obu).map((part, i, all) => {
        const edge = (i > 0 ? 0x80 : 0) | (i < all.length - 1 ? 0x40 : 0);
        return Buffer.concat([Buffer.from([edge | 0x10]), part]);
      }),
    ),
};

/** Without temporal delimiters, and without sizes, as they travel. */
function obusOf(frame: Buffer): Buffer[] {
  const obus: Buffer[] = [];
  for (let at = 0; at < frame.length; ) {
    const head = frame.readUInt8(at);
    let [size, shift, start] = [0, 0, at + 1];
    for (let more = true; more; shift += 7) {
      const byte = frame.readUInt8(start++);
      size += (byte & 127) << shift;
      more = byte > 127;
    }
    if (((head >> 3) & 15) !== 2)
      obus.push(Buffer.concat([Buffer.from([head & ~2]), frame.subarray(start, start + size)]));
    at = start + size;
  }
  return obus;
}

function packetsOf(codec: TestCodec, pictures: readonly Buffer[][]): Packet[] {
  let sequence = 65_530;
  return pictures.flatMap((units, index) =>
    (CUTTERS[codec]?.(units) ?? []).map((payload, i, all) => ({
      ...{ sequence: sequence++ % 65_536, timestamp: index * 3_000, payload },
      isMarked: i === all.length - 1,
    })),
  );
}

function readerOf(codec: string): PictureReader {
  return new PictureReader(assemblerOf(`video/${codec}`) ?? expect.fail("unknown"));
}

describe.each<TestCodec>(["h264", "vp8", "vp9", "av1"])("pictures of %s", (codec) => {
  const pictures = encodePictures(codec, { count: 40 });
  const packets = packetsOf(codec, pictures);

  it("are whole again, with their key frames and their size", () => {
    const reader = readerOf(codec);
    const read = packets.flatMap((packet) => reader.take(rtp(packet), 0));
    expect(read.map(({ timestamp }) => timestamp)).toEqual(pictures.map((_, i) => i * 3_000));
    expect(read[0]?.key).toMatchObject({ codec, width: 320, height: 240 });
    expect(read[1]?.key).toBeNull();
    expect(read[30]?.key).toMatchObject({ codec });
    if (codec === "vp8" || codec === "vp9") expect(read.map(({ bytes }) => bytes)).toEqual(pictures.flat());
  });

  it("that lose a packet are not shown, and nothing after them before the next key frame", () => {
    const reader = readerOf(codec);
    const lost = packets.findIndex(({ timestamp }) => timestamp === 5 * 3_000);
    const read = packets.flatMap((packet, i) => (i === lost ? [] : reader.take(rtp(packet), i * 30)));
    const times = read.map(({ timestamp }) => timestamp / 3_000);
    expect(times).toEqual([0, 1, 2, 3, 4, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39]);
  });

  it("that are cut or changed anywhere throw nothing", () => {
    const reader = readerOf(codec);
    packets.slice(0, 60).forEach((packet, i) => {
      for (const length of [1, 2, 3, 5, 9, 20]) {
        const payload = Buffer.from(packet.payload.subarray(0, length));
        payload[i % length] = (payload[i % length] ?? 0) ^ (1 << (i % 8));
        reader.take(rtp({ ...packet, payload, sequence: i * 8 + length, isMarked: true }), 0);
      }
    });
  });
});

it("layers of VP9 with one time are one superframe", () => {
  const assemble = assemblerOf("video/vp9") ?? expect.fail("unknown");
  const structure = [0x30, 0, 160, 0, 120, 1, 64, 0, 240];
  const first = Buffer.from([0xae, 1, 0x00, 0, ...structure, 0xaa, 0xab]);
  const second = Buffer.from([0xec, 1, 0x03, 0, 0xbb]);
  const picture = assemble([first, second]);
  if (picture === null || picture === "broken") return expect.fail(String(picture));
  expect(picture.key).toEqual({ codec: "vp9", width: 320, height: 240 });
  const index = [0xd9, 2, 0, 0, 0, 1, 0, 0, 0, 0xd9];
  expect([...picture.bytes]).toEqual([0xaa, 0xab, 0xbb, ...index]);
});

describe("packets", () => {
  const packet = (sequence: number) => ({
    ...{ sequence, timestamp: 0, isMarked: false, payload: Buffer.from([1]) },
  });
  const push = (order: PacketOrder, sequence: number, nowMs = 0) =>
    order.push(packet(sequence), nowMs).map((each) => `${each.sequence}${each.isAfterLoss ? " lost" : ""}`);

  it("that come late are waited for, and put in their place", () => {
    const order = new PacketOrder();
    expect([65_534, 0, 65_535].flatMap((sequence) => push(order, sequence))).toEqual(["65534", "65535", "0"]);
    expect(push(order, 65_535)).toEqual([]);
  });

  it("are waited for 300 ms, and then they are lost", () => {
    const order = new PacketOrder();
    push(order, 1);
    expect(push(order, 3, 10)).toEqual([]);
    expect(push(order, 5, 20)).toEqual([]);
    expect(push(order, 6, 311)).toEqual(["3 lost"]);
    expect(push(order, 7, 330)).toEqual(["5 lost", "6", "7"]);
  });

  it.each([9_000, 800])("of a sender that begins anew at %i are another stream's", (from) => {
    const order = new PacketOrder();
    push(order, 1_000);
    const read = Array.from({ length: 200 }, (_, i) => push(order, from + i)).flat();
    expect(read.some((each) => each.endsWith("lost"))).toBe(true);
    expect(read.at(-1)).toBe(String(from + 199));
  });

  it("are read without their extensions and padding", () => {
    const head = Buffer.from([0xb1, 0xe0, 0, 7, 0, 0, 0, 9, 1, 1, 1, 1, 2, 2, 2, 2]);
    const extension = Buffer.from([0xbe, 0xde, 0, 1, 0, 0, 0, 0]);
    const packet = Buffer.concat([head, extension, Buffer.from([5, 6, 0, 2])]);
    const payload = Buffer.from([5, 6]);
    expect(readRtp(packet)).toEqual({ sequence: 7, timestamp: 9, isMarked: true, payload });
    for (let length = 0; length < packet.length; length++) readRtp(packet.subarray(0, length));
    expect(readRtp(packet.subarray(0, 20))).toBeNull();
  });
});

describe("a track's clock", () => {
  it("follows the packets that come soonest, over the wrap of timestamps", () => {
    const clock = new TrackClock(90_000);
    const start = 2 ** 32 - 90_000;
    const delayMs = (i: number) => (i === 0 ? 80 : (i * 7) % 20);
    const read = Array.from({ length: 200 }, (_, i) =>
      clock.read((start + i * 3_000) % 2 ** 32, 1_000 + (i * 100) / 3 + delayMs(i)),
    );
    expect(read[0]).toBe(1_080);
    for (const i of [100, 150, 199]) expect((read[i] ?? 0) - 1_000 - (i * 100) / 3).toBeLessThan(5);
    expect(read.every((ms, i) => i === 0 || ms > (read[i - 1] ?? 0))).toBe(true);
  });

  it("begins anew where a sender does", () => {
    const clock = new TrackClock(48_000);
    clock.read(0, 0);
    expect(clock.read(1_000_000_000, 20)).toBe(20);
  });
});

it.each([
  ["20 ms of CELT", [0xf8], 20],
  ["60 ms of SILK", [0x18], 60],
  ["10 ms, hybrid", [0x60], 10],
  ["two of 20 ms", [0xf9], 40],
  ["three of 20 ms", [0xfb, 3], 60],
  ["more than 120 ms", [0xfb, 7], null],
  ["none", [], null],
])("Opus tells how long it sounds: %s", (_, bytes, ms) => {
  expect(opusDurationMs(Buffer.from(bytes))).toBe(ms);
});
