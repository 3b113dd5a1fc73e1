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

/**
 * @param config An `AVCDecoderConfigurationRecord` (ISO/IEC 14496-15 § 5.3.3.1), as encoders send it first of all.
 * @returns null where it can't be read.
 */
export function readSpsOfConfig(config: Buffer): Sps | null {
  if (config.length < 8 || config[0] !== 1 || ((config[5] ?? 0) & 31) === 0) return null;
  const length = config.readUInt16BE(6);
  const sps = config.subarray(8, 8 + length);
  return sps.length === length ? readSps(sps) : null;
}

/** @returns null where it can't be read: nothing in it makes this loop or allocate for long. */
export function readSps(unit: Buffer): Sps | null {
  if (unit.length < 5 || unit.length > 1_024 || (unit.readUInt8(0) & 31) !== 7) return null;
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

type Bits = { take(count: number): number; exp(): number; signedExp(): number };

/** @throws {Error} Beyond its end, or a number of more than 31 bits. */
function bitsOf(bytes: Buffer): Bits {
  let at = 0;
  const take = (count: number) => {
    let value = 0;
    for (let i = 0; i < count; i++, at++)
      value = value * 2 + ((bytes.readUInt8(at >> 3) >> (7 - (at & 7))) & 1);
    return value;
  };
  const exp = () => {
    let zeros = 0;
    while (take(1) === 0) if (++zeros > 31) throw new Error("no number");
    return 2 ** zeros - 1 + take(zeros);
  };
  const signedExp = () => {
    const code = exp();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  };
  return { take, exp, signedExp };
}

/** Without the bytes that keep start codes out (`emulation_prevention_three_byte`). */
function withoutEscapes(bytes: Buffer): Buffer {
  return Buffer.from(bytes.filter((byte, i) => !(byte === 3 && i >= 2 && !bytes[i - 1] && !bytes[i - 2])));
}
