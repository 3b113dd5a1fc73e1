/** One 1 Mbps VP8 stream, as a camera of 30 frames/s makes it, RTP over UDP (RFC 3550, RFC 7741). */
export const STREAM = {
  ssrc: 0x1234_5678,
  payloadType: 101,
  clockRate: 90_000,
  framesPerSecond: 30,
  packetsPerFrame: 4,
  packetBytes: 1_050,
};

const HEADER_BYTES = 12;
/** Into the payload. */
const STAMP_OFFSET = 2;
/** RFC 3550 § 5.3.1: header extensions, which mediasoup adds. */
const HAS_EXTENSION = 0x10;
/** Picture loss indication (RFC 4585 § 6.3.1). */
const PSFB = 206;
const PLI = 1;

/** @returns The frame's packets. Each carries when it was made, on the clock that all processes of a machine share. */
export function packetsOfFrame(frame: number, isKeyFrame: boolean): Buffer[] {
  return Array.from({ length: STREAM.packetsPerFrame }, (_, index) => {
    const packet = Buffer.alloc(STREAM.packetBytes);
    const isLast = index === STREAM.packetsPerFrame - 1;
    packet.writeUInt8(0x80, 0);
    packet.writeUInt8((isLast ? 0x80 : 0) | STREAM.payloadType, 1);
    // mediasoup takes a first number of 0 for one of a second round, and all of the first for lost.
    packet.writeUInt16BE((frame * STREAM.packetsPerFrame + index + 1) & 0xffff, 2);
    packet.writeUInt32BE(((frame * STREAM.clockRate) / STREAM.framesPerSecond) >>> 0, 4);
    packet.writeUInt32BE(STREAM.ssrc, 8);
    // Payload descriptor: S, start of the frame's partition. Payload header: P is 0 in a key frame.
    packet.writeUInt8(index === 0 ? 0x10 : 0, HEADER_BYTES);
    packet.writeUInt8(isKeyFrame ? 0 : 1, HEADER_BYTES + 1);
    packet.writeBigUInt64BE(process.hrtime.bigint(), HEADER_BYTES + STAMP_OFFSET);
    return packet;
  });
}

/** @returns The packet's number, and how old it is; null for what is no packet of the stream, e.g. RTCP. */
export function readPacket(packet: Buffer): { sequence: number; ageMs: number } | null {
  if (packet.length < STREAM.packetBytes || (packet.readUInt8(1) & 0x7f) !== STREAM.payloadType) return null;
  const hasExtension = (packet.readUInt8(0) & HAS_EXTENSION) !== 0;
  const extensionBytes = hasExtension ? 4 + 4 * packet.readUInt16BE(HEADER_BYTES + 2) : 0;
  const madeAt = packet.readBigUInt64BE(HEADER_BYTES + extensionBytes + STAMP_OFFSET);
  return { sequence: packet.readUInt16BE(2), ageMs: Number(process.hrtime.bigint() - madeAt) / 1e6 };
}

/** @param rtcp A compound packet. @returns How often it asks for a key frame. */
export function countKeyFrameRequests(rtcp: Buffer): number {
  let count = 0;
  for (let at = 0; at + 4 <= rtcp.length; at += 4 + 4 * rtcp.readUInt16BE(at + 2))
    if (rtcp.readUInt8(at + 1) === PSFB && (rtcp.readUInt8(at) & 0x1f) === PLI) count += 1;
  return count;
}
