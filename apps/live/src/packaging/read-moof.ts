import { BOX_HEAD_BYTES, type Box, childrenOf, unreadable } from "./boxes.ts";
import { FULL_HEAD_BYTES, type Mp4Track } from "./read-moov.ts";

/** A track's share of a fragment. Times in seconds, from the beginning of ffmpeg's run. */
export type TrackFragment = {
  track: Mp4Track;
  samples: number;
  /** To be decoded from then… */
  startS: number;
  /** …and until then. */
  endS: number;
  /** The first sample is shown then. */
  shownAtS: number;
  beginsWithKey: boolean;
};

const MOST_SAMPLES = 10_000;
const NON_SYNC = 0x10000;
/** Flags of `tfhd`, by what each adds. ISO/IEC 14496-12 § 8.8.7 */
const TFHD = { offset: 0x1, description: 0x2, duration: 0x8, size: 0x10, flags: 0x20 };
/** § 8.8.8 */
const TRUN = { offset: 0x1, firstFlags: 0x4, duration: 0x100, size: 0x200, flags: 0x400, composition: 0x800 };

/** @throws {FairleadError} `media_rejected`. */
export function readMoof(moof: Box, tracks: readonly Mp4Track[]): TrackFragment[] {
  const trafs = childrenOf(moof, BOX_HEAD_BYTES).filter(({ type }) => type === "traf");
  if (trafs.length > tracks.length) throw unreadable("more fragments than tracks");
  return trafs.map((traf) => readTraf(traf, tracks)).filter(({ samples }) => samples > 0);
}

function readTraf(traf: Box, tracks: readonly Mp4Track[]): TrackFragment {
  const boxes = childrenOf(traf, BOX_HEAD_BYTES);
  const tfhd = boxes.find(({ type }) => type === "tfhd");
  const tfdt = boxes.find(({ type }) => type === "tfdt")?.bytes;
  const track = tracks.find(({ id }) => tfhd?.bytes.readUInt32BE(FULL_HEAD_BYTES) === id);
  if (!tfhd || !tfdt || !track) throw unreadable("traf");
  const defaults = readTfhd(tfhd.bytes, track);
  const runs = boxes.filter(({ type }) => type === "trun").map(({ bytes }) => readTrun(bytes, defaults));
  const sum = (of: "samples" | "duration") => runs.reduce((total, run) => total + run[of], 0);
  const start = tfdt.readUInt8(8) === 1 ? Number(tfdt.readBigUInt64BE(12)) : tfdt.readUInt32BE(12);
  const [first] = runs;
  return {
    ...{ track, samples: sum("samples") },
    startS: start / track.timescale,
    endS: (start + sum("duration")) / track.timescale,
    shownAtS: (start + (first?.composition ?? 0)) / track.timescale,
    beginsWithKey: first?.beginsWithKey ?? false,
  };
}

function readTfhd(bytes: Buffer, { defaults }: Mp4Track): Mp4Track["defaults"] {
  const flags = bytes.readUInt32BE(BOX_HEAD_BYTES);
  let at = FULL_HEAD_BYTES + 4 + (flags & TFHD.offset ? 8 : 0) + (flags & TFHD.description ? 4 : 0);
  const duration = flags & TFHD.duration ? bytes.readUInt32BE(at) : defaults.duration;
  at += (flags & TFHD.duration ? 4 : 0) + (flags & TFHD.size ? 4 : 0);
  return { duration, flags: flags & TFHD.flags ? bytes.readUInt32BE(at) : defaults.flags };
}

type Run = { samples: number; duration: number; beginsWithKey: boolean; composition: number };

function readTrun(bytes: Buffer, defaults: Mp4Track["defaults"]): Run {
  const flags = bytes.readUInt32BE(BOX_HEAD_BYTES);
  const samples = bytes.readUInt32BE(FULL_HEAD_BYTES);
  if (samples > MOST_SAMPLES) throw unreadable(`${samples} samples in a fragment`);
  let at = FULL_HEAD_BYTES + 4 + (flags & TRUN.offset ? 4 : 0);
  const firstFlags = flags & TRUN.firstFlags ? bytes.readUInt32BE(at) : null;
  at += firstFlags === null ? 0 : 4;
  const entry = entryOf(flags);
  if (bytes.length !== at + samples * entry.size) throw unreadable("trun");
  if (samples === 0) return { samples, duration: 0, beginsWithKey: false, composition: 0 };
  let duration = entry.duration === null ? samples * defaults.duration : 0;
  if (entry.duration !== null)
    for (let i = 0; i < samples; i++) duration += bytes.readUInt32BE(at + i * entry.size + entry.duration);
  const sampleFlags = entry.flags === null ? defaults.flags : bytes.readUInt32BE(at + entry.flags);
  return {
    ...{ samples, duration, beginsWithKey: ((firstFlags ?? sampleFlags) & NON_SYNC) === 0 },
    composition: entry.composition === null ? 0 : bytes.readInt32BE(at + entry.composition),
  };
}

/** Where each field of a sample stands in its entry; null: it is not in there. */
function entryOf(flags: number) {
  let size = 0;
  const place = (flag: number) => {
    if (!(flags & flag)) return null;
    size += 4;
    return size - 4;
  };
  const duration = place(TRUN.duration);
  place(TRUN.size);
  const [sampleFlags, composition] = [place(TRUN.flags), place(TRUN.composition)];
  return { duration, flags: sampleFlags, composition, size };
}
