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
/** A consumer begins with a key frame. */
const FRAMES_PER_KEY_FRAME = STREAM.framesPerSecond;

/** @returns The frame's packets. Each carries when it was made, on the clock that all processes of a machine share. */
export function packetsOfFrame(frame: number): Buffer[] {
  return Array.from({ length: STREAM.packetsPerFrame }, (_, index) => {
    const packet = Buffer.alloc(STREAM.packetBytes);
    const isLast = index === STREAM.packetsPerFrame - 1;
    packet.writeUInt8(0x80, 0);
    packet.writeUInt8((isLast ? 0x80 : 0) | STREAM.payloadType, 1);
    packet.writeUInt16BE((frame * STREAM.packetsPerFrame + index) & 0xffff, 2);
    packet.writeUInt32BE(((frame * STREAM.clockRate) / STREAM.framesPerSecond) >>> 0, 4);
    packet.writeUInt32BE(STREAM.ssrc, 8);
    // Payload descriptor: S, start of the frame's partition. Payload header: P is 0 in a key frame.
    packet.writeUInt8(index === 0 ? 0x10 : 0, HEADER_BYTES);
    packet.writeUInt8(frame % FRAMES_PER_KEY_FRAME === 0 ? 0 : 1, HEADER_BYTES + 1);
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
