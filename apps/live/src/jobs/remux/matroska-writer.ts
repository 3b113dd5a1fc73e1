import type { PictureFormat } from "../rtp/picture.ts";

/** RFC 9559 § 5. Ids with their marker. */
const ID = {
  ebml: 0x1a45dfa3,
  docType: 0x4282,
  docTypeVersion: 0x4287,
  docTypeReadVersion: 0x4285,
  segment: 0x18538067,
  info: 0x1549a966,
  timestampScale: 0x2ad7b1,
  muxingApp: 0x4d80,
  writingApp: 0x5741,
  tracks: 0x1654ae6b,
  trackEntry: 0xae,
  trackNumber: 0xd7,
  trackUid: 0x73c5,
  trackType: 0x83,
  flagLacing: 0x9c,
  codecId: 0x86,
  codecPrivate: 0x63a2,
  video: 0xe0,
  pixelWidth: 0xb0,
  pixelHeight: 0xba,
  audio: 0xe1,
  samplingFrequency: 0xb5,
  channels: 0x9f,
  cluster: 0x1f43b675,
  clusterTimestamp: 0xe7,
  simpleBlock: 0xa3,
} as const;

const UNKNOWN_SIZE = Buffer.from([0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
const MILLISECOND_NS = 1_000_000;
const VIDEO_TRACK = 1;
const AUDIO_TRACK = 2;
const KEY_FLAG = 0x80;
/** Blocks tell their time within a cluster by 16 bits with a sign. */
const CLUSTER_MS = 10_000;
const APP = "fairlead";
const CODEC_IDS = { h264: "V_MPEG4/ISO/AVC", vp8: "V_VP8", vp9: "V_VP9", av1: "V_AV1" } as const;

/** RFC 7845 § 5.1: two channels, 48 kHz, nothing to skip. */
const OPUS_HEAD = Buffer.concat([
  Buffer.from("OpusHead"),
  Buffer.from([1, 2, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0]),
]);

/** Opus, and pictures where there are some, as a live stream of Matroska: each block has a time of ours, and can be read as soon as it is written. */
export class MatroskaWriter {
  #clusterMs: number | null = null;

  /** @param format null: sound alone. */
  header(format: PictureFormat | null): Buffer {
    return Buffer.concat([
      element(ID.ebml, [
        text(ID.docType, "matroska"),
        number(ID.docTypeVersion, 4),
        number(ID.docTypeReadVersion, 2),
      ]),
      ...[idOf(ID.segment), UNKNOWN_SIZE],
      element(ID.info, [
        number(ID.timestampScale, MILLISECOND_NS),
        text(ID.muxingApp, APP),
        text(ID.writingApp, APP),
      ]),
      element(ID.tracks, [...(format ? [videoTrack(format)] : []), audioTrack()]),
    ]);
  }

  /** @param atMs From 0. */
  picture(bytes: Buffer, { atMs, isKey }: { atMs: number; isKey: boolean }): Buffer {
    return this.#block(VIDEO_TRACK, bytes, { atMs, isKey });
  }

  sound(bytes: Buffer, atMs: number): Buffer {
    return this.#block(AUDIO_TRACK, bytes, { atMs, isKey: true });
  }

  #block(track: number, bytes: Buffer, { atMs, isKey }: { atMs: number; isKey: boolean }): Buffer {
    const roundMs = Math.max(0, Math.round(atMs));
    const begins = this.#clusterMs === null || Math.abs(roundMs - this.#clusterMs) > CLUSTER_MS;
    const clusterMs = begins ? roundMs : (this.#clusterMs ?? roundMs);
    this.#clusterMs = clusterMs;
    const head = Buffer.from([0x80 | track, 0, 0, isKey ? KEY_FLAG : 0]);
    head.writeInt16BE(roundMs - clusterMs, 1);
    const block = element(ID.simpleBlock, [head, bytes]);
    if (!begins) return block;
    return Buffer.concat([idOf(ID.cluster), UNKNOWN_SIZE, number(ID.clusterTimestamp, clusterMs), block]);
  }
}

function videoTrack(format: PictureFormat): Buffer {
  return element(ID.trackEntry, [
    ...[number(ID.trackNumber, VIDEO_TRACK), number(ID.trackUid, VIDEO_TRACK), number(ID.trackType, 1)],
    ...[number(ID.flagLacing, 0), text(ID.codecId, CODEC_IDS[format.codec])],
    ...(format.codec === "h264" ? [element(ID.codecPrivate, [format.config])] : []),
    element(ID.video, [number(ID.pixelWidth, format.width), number(ID.pixelHeight, format.height)]),
  ]);
}

function audioTrack(): Buffer {
  const rate = Buffer.alloc(4);
  rate.writeFloatBE(48_000);
  return element(ID.trackEntry, [
    ...[number(ID.trackNumber, AUDIO_TRACK), number(ID.trackUid, AUDIO_TRACK), number(ID.trackType, 2)],
    ...[number(ID.flagLacing, 0), text(ID.codecId, "A_OPUS"), element(ID.codecPrivate, [OPUS_HEAD])],
    element(ID.audio, [element(ID.samplingFrequency, [rate]), number(ID.channels, 2)]),
  ]);
}

function element(id: number, parts: readonly Buffer[]): Buffer {
  const size = Buffer.alloc(8);
  size.writeBigUInt64BE(BigInt(parts.reduce((sum, { length }) => sum + length, 0)));
  size.writeUInt8(0x01);
  return Buffer.concat([idOf(id), size, ...parts]);
}

function number(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return element(id, [bytes]);
}

function text(id: number, value: string): Buffer {
  return element(id, [Buffer.from(value)]);
}

function idOf(id: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(id);
  return bytes.subarray(bytes.findIndex((byte) => byte !== 0));
}
