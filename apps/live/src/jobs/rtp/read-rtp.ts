export type RtpPacket = {
  sequence: number;
  timestamp: number;
  /** The last one of its picture. */
  isMarked: boolean;
  payload: Buffer;
};

const HEAD_BYTES = 12;

/** RFC 3550 § 5.1. @returns null where it is no whole packet, or carries nothing. */
export function readRtp(packet: Buffer): RtpPacket | null {
  if (packet.length < HEAD_BYTES) return null;
  const first = packet.readUInt8(0);
  if (first >> 6 !== 2) return null;
  let start = HEAD_BYTES + 4 * (first & 0x0f);
  if (first & 0x10) {
    if (start + 4 > packet.length) return null;
    start += 4 + 4 * packet.readUInt16BE(start + 2);
  }
  const padding = first & 0x20 ? packet.readUInt8(packet.length - 1) : 0;
  const end = packet.length - padding;
  if (start >= end) return null;
  return {
    sequence: packet.readUInt16BE(2),
    timestamp: packet.readUInt32BE(4),
    isMarked: packet.readUInt8(1) >= 0x80,
    payload: packet.subarray(start, end),
  };
}
