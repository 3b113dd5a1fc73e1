import { BOX_HEAD_BYTES, type Box, childOf, childrenOf, unreadable } from "./boxes.ts";

/** A track as its `moov` describes it. */
export type Mp4Track = {
  id: number;
  /** Units of its times in a second. */
  timescale: number;
  /** RFC 6381, e.g. `avc1.42e01f`. */
  codec: string;
  /** Of its pictures; null: it is sound. */
  picture: { width: number; height: number } | null;
  /** Of samples, where a fragment says nothing else. */
  defaults: { duration: number; flags: number };
};

/** Of boxes with a version and flags. */
export const FULL_HEAD_BYTES = 12;
/** Where the boxes inside a sample entry begin. */
const IN_VIDEO_ENTRY = 86;
const IN_AUDIO_ENTRY = 36;
const AAC_OBJECT = 0x40;
const DECODER_CONFIG = 0x04;
const DECODER_SPECIFIC = 0x05;

/** @throws {FairleadError} `media_rejected`: not one track of H.264, one of AAC, or one of each. */
export function readMoov(moov: Box): Mp4Track[] {
  const boxes = childrenOf(moov, BOX_HEAD_BYTES);
  const extends_ = childrenOf(childOf(moov, "mvex"), BOX_HEAD_BYTES).filter(({ type }) => type === "trex");
  const tracks = boxes.filter(({ type }) => type === "trak").map((trak) => readTrak(trak, extends_));
  const pictures = tracks.filter(({ picture }) => picture);
  if (tracks.length === 0 || pictures.length > 1 || tracks.length - pictures.length > 1)
    throw unreadable(`${tracks.length} tracks`);
  return tracks;
}

function readTrak(trak: Box, extends_: Box[]): Mp4Track {
  const id = readAfterTimes(childOf(trak, "tkhd"));
  const mdia = childOf(trak, "mdia");
  const timescale = readAfterTimes(childOf(mdia, "mdhd"));
  const trex = extends_.find(({ bytes }) => bytes.readUInt32BE(12) === id)?.bytes;
  if (timescale === 0 || !trex) throw unreadable("a track without times");
  const stsd = childOf(childOf(childOf(mdia, "minf"), "stbl"), "stsd");
  const [entry] = childrenOf(stsd, FULL_HEAD_BYTES + 4);
  const defaults = { duration: trex.readUInt32BE(20), flags: trex.readUInt32BE(28) };
  return { id, timescale, defaults, ...readEntry(entry) };
}

/** The number after the two times, which are longer in version 1. */
function readAfterTimes({ bytes }: Box): number {
  return bytes.readUInt32BE(FULL_HEAD_BYTES + (bytes.readUInt8(8) === 1 ? 16 : 8));
}

function readEntry(entry: Box | undefined): Pick<Mp4Track, "codec" | "picture"> {
  if (entry?.type === "avc1") {
    const avcC = childOf(entry, "avcC", IN_VIDEO_ENTRY).bytes;
    const picture = { width: entry.bytes.readUInt16BE(32), height: entry.bytes.readUInt16BE(34) };
    return { codec: `avc1.${avcC.toString("hex", 9, 12)}`, picture };
  }
  if (entry?.type === "mp4a") {
    const { bytes } = childOf(entry, "esds", IN_AUDIO_ENTRY);
    return { codec: `mp4a.40.${readAacType(bytes)}`, picture: null };
  }
  throw unreadable(`a track of ${entry?.type}`);
}

/** @returns The audio object type. ISO/IEC 14496-1 § 7.2.6.5, 14496-3 § 1.6.2.1 */
function readAacType(esds: Buffer): number {
  // ES_Descriptor: its id and flags; a stream that depends on others is none of ours.
  let at = FULL_HEAD_BYTES;
  at = descriptorBody(esds, at, 0x03) + 3;
  at = descriptorBody(esds, at, DECODER_CONFIG);
  if (esds.readUInt8(at) !== AAC_OBJECT) throw unreadable("sound that is no AAC");
  at = descriptorBody(esds, at + 13, DECODER_SPECIFIC);
  const type = esds.readUInt8(at) >> 3;
  return type === 31 ? 32 + ((esds.readUInt16BE(at) >> 5) & 63) : type;
}

/** @returns Where the descriptor's own bytes begin: its length takes one to four. */
function descriptorBody(esds: Buffer, at: number, tag: number): number {
  if (esds.readUInt8(at) !== tag) throw unreadable("esds");
  for (let length = 1; length <= 4; length++)
    if (!(esds.readUInt8(at + length) & 0x80)) return at + length + 1;
  throw unreadable("esds");
}
