import { type InitPiece, PART_TARGET_S, SHORTEST_PART_S, TARGET_DURATION_S } from "@fairlead/segments";
import type { TimelineSegment } from "./timeline-segment.ts";

/** What the first playlist of a timeline tells, and none after it may change. Seconds. */
export type ToldDurations = {
  target: number;
  partTarget: number;
};

/** Of frames that come late: those of a camera do. */
const LATE_S = 0.01;

/**
 * The packager's durations, or longer ones where what came so far says so: of a few frames a second, not every number fits. The parts themselves
 * don't say it, of which mostly one is there, and the first one may have waited for its frames.
 */
export function chooseDurations(segments: readonly TimelineSegment[], init: InitPiece): ToldDurations {
  const lasted = segments.map(({ duration }) => Math.round(duration));
  return {
    target: Math.max(TARGET_DURATION_S, ...lasted),
    partTarget: upToMs(Math.max(PART_TARGET_S, partOfFrames(init) + LATE_S)),
  };
}

/** A part of whole frames, none of which may be missing. */
function partOfFrames({ video }: InitPiece): number {
  if (!video || video.frameRate < 1) return 0;
  return Math.ceil(SHORTEST_PART_S * video.frameRate) / video.frameRate;
}

function upToMs(seconds: number): number {
  return Math.ceil(seconds * 1_000 - 1e-6) / 1_000;
}
