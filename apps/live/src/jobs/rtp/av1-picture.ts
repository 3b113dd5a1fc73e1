import { bitsOf } from "../../encoder/read-bits.ts";
import type { Picture } from "./picture.ts";

const SEQUENCE_HEADER = 1;
const TEMPORAL_DELIMITER = 2;
const TILE_LIST = 8;
const MOST_OPERATING_POINTS = 32;

/** RTP payload format for AV1, § 4. https://aomediacodec.github.io/av1-rtp-spec/ */
export function assembleAv1(payloads: readonly Buffer[]): Picture | null | "broken" {
  try {
    const units = unitsOf(payloads);
    const shown = units.filter((unit) => ![TEMPORAL_DELIMITER, TILE_LIST].includes(typeOf(unit)));
    if (shown.length === 0) return null;
    const bytes = Buffer.concat(shown.map(withSize));
    const header = shown.find((unit) => typeOf(unit) === SEQUENCE_HEADER);
    return { bytes, key: header ? { codec: "av1", ...readSize(bodyOf(header)) } : null };
  } catch {
    // Beyond a packet's end, or no such header.
    return "broken";
  }
}

function typeOf(unit: Buffer): number {
  return (unit.readUInt8(0) >> 3) & 15;
}

/** @throws {RangeError} */
function unitsOf(payloads: readonly Buffer[]): Buffer[] {
  const units: Buffer[][] = [];
  let isOpen = false;
  for (const payload of payloads) {
    const head = payload.readUInt8(0);
    const continues = head >= 0x80;
    if (continues !== isOpen) throw new RangeError("a unit without its beginning or end");
    for (const [index, element] of elementsOf(payload, (head >> 4) & 3).entries()) {
      if (index === 0 && continues) units.at(-1)?.push(element);
      else units.push([element]);
    }
    isOpen = (head & 0x40) !== 0;
  }
  if (isOpen) throw new RangeError("a unit without its end");
  return units.map((parts) => Buffer.concat(parts)).filter(({ length }) => length > 0);
}

/** @param count 0: each says its size; otherwise the last one does not. */
function elementsOf(payload: Buffer, count: number): Buffer[] {
  const elements: Buffer[] = [];
  for (let at = 1; at < payload.length; ) {
    const isLast = count > 0 && elements.length === count - 1;
    const { value, end } = isLast ? { value: payload.length - at, end: at } : readLeb128(payload, at);
    at = end + value;
    if (at > payload.length) throw new RangeError("an element beyond its packet");
    elements.push(payload.subarray(end, at));
  }
  return elements;
}

function readLeb128(bytes: Buffer, start: number): { value: number; end: number } {
  let value = 0;
  for (let i = 0; i < 4; i++) {
    const byte = bytes.readUInt8(start + i);
    value += (byte & 0x7f) * 128 ** i;
    if (byte < 0x80) return { value, end: start + i + 1 };
  }
  throw new RangeError("a size of more than 28 bits");
}

function leb128(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; bytes.length === 0 || left > 0; left = Math.floor(left / 128))
    bytes.push(left >= 128 ? (left % 128) | 0x80 : left);
  return Buffer.from(bytes);
}

/** Behind its header, whether that has a size or not. */
function bodyOf(unit: Buffer): Buffer {
  const head = unit.readUInt8(0);
  const start = head & 4 ? 2 : 1;
  return unit.subarray(head & 2 ? readLeb128(unit, start).end : start);
}

/** Files need it, packets leave it out. */
function withSize(unit: Buffer): Buffer {
  const head = unit.readUInt8(0);
  if (head & 2) return unit;
  const headBytes = head & 4 ? 2 : 1;
  const body = unit.subarray(headBytes);
  return Buffer.concat([Buffer.from([head | 2]), unit.subarray(1, headBytes), leb128(body.length), body]);
}

/** AV1 bitstream § 5.5.1. @throws {RangeError} Also where it says when pictures are shown: no browser sends that. */
function readSize(header: Buffer): { width: number; height: number } {
  const bits = bitsOf(header);
  bits.take(4);
  if (bits.take(1)) bits.take(5);
  else {
    if (bits.take(1)) throw new RangeError("with timing");
    const hasDelay = bits.take(1) === 1;
    const points = bits.take(5) + 1;
    if (points > MOST_OPERATING_POINTS) throw new RangeError("too many operating points");
    for (let i = 0; i < points; i++) {
      bits.take(12);
      if (bits.take(5) > 7) bits.take(1);
      if (hasDelay && bits.take(1)) bits.take(4);
    }
  }
  const widthBits = bits.take(4) + 1;
  const heightBits = bits.take(4) + 1;
  return { width: bits.take(widthBits) + 1, height: bits.take(heightBits) + 1 };
}
