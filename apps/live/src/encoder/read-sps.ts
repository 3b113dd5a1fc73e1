import { type Bits, bitsOf } from "./read-bits.ts";

/** What a stream of H.264 says of itself. ITU-T H.264 § 7.3.2.1.1. */
export type Sps = {
  /** As in SDP: 6 hex digits. */
  profileLevelId: string;
  profile: number;
  width: number;
  height: number;
  isInterlaced: boolean;
};

/** Profiles with a format of chroma and scaling lists. */
const HIGH_PROFILES = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];
const MANY_FRAMES = 255;

const SPS_UNIT = 7;
const PPS_UNIT = 8;
const SPS_EXTENSION_UNIT = 13;
/** Of high profiles: chroma's format and two depths, before extensions of SPS. */
const EXTENSION_HEAD_BYTES = 3;

/**
 * @param config An `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15 § 5.3.3.1), as encoders send it first of all.
 * @returns Each SPS, at least one; null where it can't be read, or holds anything else than its lists of units.
 */
export function readSpsOfConfig(config: Buffer): [Sps, ...Sps[]] | null {
  if (config.length < 7 || config[0] !== 1) return null;
  const headers = readUnits(config, 5, { type: SPS_UNIT, countMask: 31 });
  const pictures = headers && readUnits(config, headers.end, { type: PPS_UNIT, countMask: 255 });
  if (!pictures || !isExtension(config.subarray(pictures.end))) return null;
  const [first, ...others] = headers.units.flatMap((unit) => readSps(unit) ?? []);
  return first && others.length === headers.units.length - 1 ? [first, ...others] : null;
}

/** @param at Of the list's count. @returns null where a unit is of another type, or passes the end. */
function readUnits(
  config: Buffer,
  at: number,
  { type, countMask }: { type: number; countMask: number },
): { units: Buffer[]; end: number } | null {
  if (at >= config.length) return null;
  const units: Buffer[] = [];
  let end = at + 1;
  for (let left = config.readUInt8(at) & countMask; left > 0; left--) {
    if (end + 2 > config.length) return null;
    const start = end + 2;
    end = start + config.readUInt16BE(end);
    const unit = config.subarray(start, end);
    if (end > config.length || ((unit[0] ?? 0) & 31) !== type) return null;
    units.push(unit);
  }
  return { units, end };
}

/** Encoders may leave it out. */
function isExtension(rest: Buffer): boolean {
  if (rest.length === 0) return true;
  const list = readUnits(rest, EXTENSION_HEAD_BYTES, { type: SPS_EXTENSION_UNIT, countMask: 255 });
  return list?.end === rest.length;
}

/** @returns null where it can't be read: nothing in it makes this loop or allocate for long. */
export function readSps(unit: Buffer): Sps | null {
  if (unit.length < 5 || unit.length > 1_024 || (unit.readUInt8(0) & 31) !== SPS_UNIT) return null;
  try {
    return readSpsBits(unit, bitsOf(withoutEscapes(unit.subarray(4))));
  } catch {
    return null;
  }
}

function readSpsBits(unit: Buffer, bits: Bits): Sps {
  const profile = unit.readUInt8(1);
  bits.exp();
  const chroma = HIGH_PROFILES.includes(profile) ? readChroma(bits) : 1;
  skipOrderCount(bits);
  bits.exp();
  bits.take(1);
  const widthMbs = bits.exp() + 1;
  const heightUnits = bits.exp() + 1;
  const isInterlaced = bits.take(1) === 0;
  bits.take(isInterlaced ? 2 : 1);
  const crop = bits.take(1) ? [bits.exp(), bits.exp(), bits.exp(), bits.exp()] : [0, 0, 0, 0];
  const [left = 0, right = 0, top = 0, bottom = 0] = crop;
  const fields = isInterlaced ? 2 : 1;
  return {
    profileLevelId: unit.toString("hex", 1, 4),
    profile,
    width: widthMbs * 16 - (left + right) * (chroma === 1 || chroma === 2 ? 2 : 1),
    height: heightUnits * 16 * fields - (top + bottom) * (chroma === 1 ? 2 : 1) * fields,
    isInterlaced,
  };
}

/** @returns `chroma_format_idc`. */
function readChroma(bits: Bits): number {
  const chroma = bits.exp();
  if (chroma === 3) bits.take(1);
  bits.exp();
  bits.exp();
  bits.take(1);
  if (bits.take(1)) for (let i = 0; i < (chroma === 3 ? 12 : 8); i++) skipScalingList(bits, i < 6 ? 16 : 64);
  return chroma;
}

function skipScalingList(bits: Bits, size: number): void {
  if (!bits.take(1)) return;
  let last = 8;
  let next = 8;
  for (let j = 0; j < size; j++) {
    if (next !== 0) next = (last + bits.signedExp() + 256) & 255;
    if (next !== 0) last = next;
  }
}

function skipOrderCount(bits: Bits): void {
  bits.exp();
  const type = bits.exp();
  if (type === 0) bits.exp();
  if (type !== 1) return;
  bits.take(1);
  bits.exp();
  bits.exp();
  const frames = bits.exp();
  if (frames > MANY_FRAMES) throw new Error("too many frames in a cycle");
  for (let i = 0; i < frames; i++) bits.exp();
}

/** Without the bytes that keep start codes out (`emulation_prevention_three_byte`). */
function withoutEscapes(bytes: Buffer): Buffer {
  return Buffer.from(bytes.filter((byte, i) => !(byte === 3 && i >= 2 && !bytes[i - 1] && !bytes[i - 2])));
}
