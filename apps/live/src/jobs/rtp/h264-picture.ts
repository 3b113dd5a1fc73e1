import { readSps, type Sps } from "../../encoder/read-sps.ts";
import type { AssemblePicture } from "./picture.ts";

const SLICE = 1;
const KEY_SLICE = 5;
const SUPPLEMENT = 6;
const SPS = 7;
const PPS = 8;
const STAP_A = 24;
const FU_A = 28;
const MOST_PPS = 16;

/** RFC 6184, packetization mode 1. Parameter sets are kept apart: they stand in the format, not in pictures. */
export function h264Assembler(): AssemblePicture {
  let known: { sps: Sps; spsUnit: Buffer } | null = null;
  let ppsUnits: Buffer[] = [];
  return (payloads) => {
    const units = unitsOf(payloads);
    if (!units) return "broken";
    const ofType = (...types: number[]) => units.filter((unit) => types.includes(typeOf(unit)));
    const [spsUnit] = ofType(SPS);
    if (spsUnit) {
      const sps = readSps(spsUnit);
      if (!sps) return "broken";
      known = { sps, spsUnit };
    }
    const given = ofType(PPS);
    if (given.length > 0) ppsUnits = given.slice(0, MOST_PPS);
    const shown = ofType(SLICE, KEY_SLICE, SUPPLEMENT);
    if (!shown.some((unit) => typeOf(unit) !== SUPPLEMENT)) return null;
    const bytes = Buffer.concat(shown.flatMap((unit) => [sizeOf(unit, 4), unit]));
    if (!shown.some((unit) => typeOf(unit) === KEY_SLICE)) return { bytes, key: null };
    if (!known || ppsUnits.length === 0) return "broken";
    const { sps } = known;
    const config = configOf(known.spsUnit, ppsUnits);
    return { bytes, key: { codec: "h264", width: sps.width, height: sps.height, sps, config } };
  };
}

function typeOf(unit: Buffer): number {
  return (unit[0] ?? 0) & 31;
}

function sizeOf(unit: Buffer, bytes: 2 | 4): Buffer {
  const size = Buffer.alloc(bytes);
  size.writeUIntBE(unit.length, 0, bytes);
  return size;
}

/** ISO/IEC 14496-15 § 5.3.3.1. */
function configOf(sps: Buffer, pps: readonly Buffer[]): Buffer {
  return Buffer.concat([
    Buffer.from([1, ...sps.subarray(1, 4), 0xff, 0xe1]),
    ...[sizeOf(sps, 2), sps, Buffer.from([pps.length])],
    ...pps.flatMap((unit) => [sizeOf(unit, 2), unit]),
  ]);
}

/** @returns null where a unit is not whole. */
function unitsOf(payloads: readonly Buffer[]): Buffer[] | null {
  const units: Buffer[] = [];
  let fragments: Buffer[] | null = null;
  for (const payload of payloads) {
    const type = typeOf(payload);
    if (fragments && type !== FU_A) return null;
    if (type === FU_A) {
      const head = payload[1] ?? 0;
      const isStart = head >= 0x80;
      if (payload.length < 3 || isStart !== (fragments === null)) return null;
      fragments ??= [Buffer.from([(payload.readUInt8(0) & 0xe0) | (head & 31)])];
      fragments.push(payload.subarray(2));
      if (!(head & 0x40)) continue;
      units.push(Buffer.concat(fragments));
      fragments = null;
    } else if (type === STAP_A) {
      const aggregated = unitsOfAggregate(payload);
      if (!aggregated) return null;
      units.push(...aggregated);
    } else units.push(payload);
  }
  return fragments ? null : units;
}

function unitsOfAggregate(payload: Buffer): Buffer[] | null {
  const units: Buffer[] = [];
  for (let at = 1; at < payload.length; ) {
    if (at + 2 > payload.length) return null;
    const end = at + 2 + payload.readUInt16BE(at);
    if (end === at + 2 || end > payload.length) return null;
    units.push(payload.subarray(at + 2, end));
    at = end;
  }
  return units;
}
