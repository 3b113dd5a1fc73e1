import type { Picture } from "./picture.ts";

const START_CODE = 0x9d012a;
const KEY_HEAD_BYTES = 10;

/** RFC 7741. */
export function assembleVp8(payloads: readonly Buffer[]): Picture | "broken" {
  const parts = payloads.map(withoutDescriptor);
  const [first] = parts;
  if (!first?.isStart || parts.some((part) => part === null)) return "broken";
  const bytes = Buffer.concat(parts.flatMap((part) => part?.bytes ?? []));
  const isKey = bytes.length > 0 && (bytes.readUInt8(0) & 1) === 0;
  if (!isKey) return bytes.length > 0 ? { bytes, key: null } : "broken";
  // RFC 6386 § 9.1.
  if (bytes.length < KEY_HEAD_BYTES || bytes.readUIntBE(3, 3) !== START_CODE) return "broken";
  const width = bytes.readUInt16LE(6) & 0x3fff;
  const height = bytes.readUInt16LE(8) & 0x3fff;
  return { bytes, key: { codec: "vp8", width, height } };
}

/** § 4.2. */
function withoutDescriptor(payload: Buffer): { bytes: Buffer; isStart: boolean } | null {
  const first = payload.readUInt8(0);
  let at = 1;
  if (first & 0x80) {
    const has = payload[at++] ?? 0;
    if (has & 0x80) at += (payload[at] ?? 0) & 0x80 ? 2 : 1;
    if (has & 0x40) at += 1;
    if (has & 0x30) at += 1;
  }
  if (at > payload.length) return null;
  return { bytes: payload.subarray(at), isStart: (first & 0x17) === 0x10 };
}
