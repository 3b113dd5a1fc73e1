import { bitsOf } from "../../encoder/read-bits.ts";
import type { Picture } from "./picture.ts";

type Size = { width: number; height: number };
type Part = {
  bytes: Buffer;
  /** Of a layer's frame. */
  isStart: boolean;
  refersBack: boolean;
  /** Of the highest layer. */
  size: Size | null;
};

const MOST_LAYERS = 8;
const SYNC_CODE = 0x498342;
const SRGB = 7;

/** RFC 9628. Frames of several spatial layers with one time are one picture, a superframe. */
export function assembleVp9(payloads: readonly Buffer[]): Picture | "broken" {
  try {
    const parts = payloads.map(readPart);
    const [first] = parts;
    if (!first?.isStart) return "broken";
    const layers: Buffer[][] = [];
    for (const { isStart, bytes } of parts) {
      if (isStart) layers.push([]);
      layers.at(-1)?.push(bytes);
    }
    const frames = layers.map((layer) => Buffer.concat(layer));
    if (frames.length > MOST_LAYERS || frames.some(({ length }) => length === 0)) return "broken";
    const bytes = superframeOf(frames);
    if (first.refersBack) return { bytes, key: null };
    const size = first.size ?? readSize(frames[0] ?? Buffer.alloc(0));
    return size ? { bytes, key: { codec: "vp9", ...size } } : { bytes, key: null };
  } catch {
    // Beyond a packet's end.
    return "broken";
  }
}

/** § 4.2. @throws {RangeError} */
function readPart(payload: Buffer): Part {
  const first = payload.readUInt8(0);
  const has = (bit: number) => (first & bit) !== 0;
  let at = 1;
  if (has(0x80)) at += payload.readUInt8(at) & 0x80 ? 2 : 1;
  if (has(0x20)) at += has(0x10) ? 1 : 2;
  if (has(0x10) && has(0x40)) {
    while (payload.readUInt8(at) & 1) at += 1;
    at += 1;
  }
  let size: Size | null = null;
  if (has(0x02)) {
    const structure = readStructure(payload, at);
    size = structure.size;
    at = structure.end;
  }
  if (at > payload.length) throw new RangeError("a descriptor without an end");
  return { bytes: payload.subarray(at), isStart: has(0x08), refersBack: has(0x40), size };
}

/** § 4.2.1. */
function readStructure(payload: Buffer, start: number): { size: Size | null; end: number } {
  const head = payload.readUInt8(start);
  const layers = (head >> 5) + 1;
  let at = start + 1;
  let size: Size | null = null;
  if (head & 0x10) {
    at += 4 * layers;
    size = { width: payload.readUInt16BE(at - 4), height: payload.readUInt16BE(at - 2) };
  }
  if (head & 0x08)
    for (let left = payload.readUInt8(at++); left > 0; left--) at += 1 + ((payload.readUInt8(at) >> 2) & 3);
  return { size, end: at };
}

/** Of a key frame's header, profile 0. @returns null where it is none. */
function readSize(frame: Buffer): Size | null {
  const bits = bitsOf(frame);
  if (bits.take(2) !== 2 || bits.take(2) !== 0 || bits.take(1) !== 0 || bits.take(1) !== 0) return null;
  bits.take(2);
  if (bits.take(24) !== SYNC_CODE || bits.take(3) === SRGB) return null;
  bits.take(1);
  return { width: bits.take(16) + 1, height: bits.take(16) + 1 };
}

/** VP9 bitstream, annex B: how long each frame is stands at the end. */
function superframeOf(frames: readonly Buffer[]): Buffer {
  const [only] = frames;
  if (frames.length === 1 && only) return only;
  const marker = Buffer.from([0xc0 | (3 << 3) | (frames.length - 1)]);
  const sizes = frames.map(({ length }) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(length);
    return size;
  });
  return Buffer.concat([...frames, marker, ...sizes, marker]);
}
