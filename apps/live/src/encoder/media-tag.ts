import { WordedRefusal } from "../rtmp/refusal-words.ts";

/** A message of H.264 or AAC as RTMP and FLV have it (Adobe's Video File Format Specification § E.4). */
export type MediaTag = {
  kind: "video" | "audio";
  /** `header`: of the decoder's configuration. */
  part: "header" | "frame";
  isKey: boolean;
  /** From a picture's turn to be decoded to its turn to be shown: never 0 for all pictures where some refer to later ones. */
  compositionMs: number;
  timestampMs: number;
  bytes: Buffer;
};

const AUDIO = 8;
const VIDEO = 9;
const H264 = 7;
const AAC = 10;
const ENHANCED_AUDIO = 9;
const COMMAND_FRAME = 5;
const KEY_FRAME = 1;

const VIDEO_CODECS: Record<number, string> = {
  2: "H.263",
  3: "Screen Video",
  4: "VP6",
  5: "VP6",
  9: "MPEG-4",
  12: "HEVC",
};
const AUDIO_CODECS: Record<number, string> = {
  1: "ADPCM",
  2: "MP3",
  3: "PCM",
  6: "Nellymoser",
  7: "G.711",
  8: "G.711",
  11: "Speex",
  14: "MP3",
};
/** Of enhanced RTMP. */
const FOURCC: Record<string, string> = {
  hvc1: "HEVC",
  av01: "AV1",
  vp08: "VP8",
  vp09: "VP9",
  avc1: "H.264 by enhanced RTMP",
  mp4a: "AAC by enhanced RTMP",
  Opus: "Opus",
  fLaC: "FLAC",
  "ac-3": "AC-3",
  "ec-3": "E-AC-3",
  ".mp3": "MP3",
};

/**
 * @returns null for what carries no media.
 * @throws {WordedRefusal} Another codec.
 */
export function readMediaTag(message: { type: number; timestampMs: number; bytes: Buffer }): MediaTag | null {
  if (message.bytes.length < 2) return null;
  if (message.type === VIDEO) return readVideo(message);
  return message.type === AUDIO ? readAudio(message) : null;
}

function readVideo({ timestampMs, bytes }: { timestampMs: number; bytes: Buffer }): MediaTag | null {
  const first = bytes.readUInt8(0);
  if (first & 0x80) throw refusalOfCodec("video", FOURCC[fourCcOf(bytes)]);
  if ((first & 15) !== H264) throw refusalOfCodec("video", VIDEO_CODECS[first & 15]);
  const packetType = bytes.readUInt8(1);
  if (first >> 4 === COMMAND_FRAME || packetType > 1 || bytes.length < 5) return null;
  const part = packetType === 0 ? "header" : "frame";
  const isKey = first >> 4 === KEY_FRAME;
  return { kind: "video", part, isKey, compositionMs: bytes.readIntBE(2, 3), timestampMs, bytes };
}

function readAudio({ timestampMs, bytes }: { timestampMs: number; bytes: Buffer }): MediaTag {
  const format = bytes.readUInt8(0) >> 4;
  if (format === ENHANCED_AUDIO) throw refusalOfCodec("audio", FOURCC[fourCcOf(bytes)]);
  if (format !== AAC) throw refusalOfCodec("audio", AUDIO_CODECS[format]);
  const part = bytes.readUInt8(1) === 0 ? "header" : "frame";
  return { kind: "audio", part, isKey: false, compositionMs: 0, timestampMs, bytes };
}

function fourCcOf(bytes: Buffer): string {
  return bytes.toString("latin1", 1, 5);
}

function refusalOfCodec(kind: "video" | "audio", codec = "an unknown codec"): WordedRefusal {
  const wanted = kind === "video" ? "H.264" : "AAC";
  return new WordedRefusal(
    "not_acceptable",
    `This server takes H.264 video and AAC audio. The encoder sends ${codec}: set its ${kind} encoder to ${wanted}.`,
  );
}
