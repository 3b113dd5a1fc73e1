import { type InitPiece, PART_TARGET_S, SHORTEST_PART_S, TARGET_DURATION_S } from "@fairlead/segments";
import type { TimelineSegment } from "./timeline-segment.ts";

/** What the first playlist of a timeline tells, and none after it may change. Seconds. */
export type ToldDurations = {
  target: number;
  partTarget: number;
};

/** Of frames that come late: those of a camera do. */
const LATE_S = 0.01;
/** A part that is longer than this has waited for its frames, and says nothing of those to come. */
const LIKELY_S = 0.4;

/**
 * The packager's durations, or longer ones where what came so far says so: of a few frames a second, not every number fits, and a first part has the
 * sound besides that an encoder puts before its first frame.
 */
export function chooseDurations(segments: readonly TimelineSegment[], init: InitPiece): ToldDurations {
  const lasted = segments.map(({ duration }) => Math.round(duration));
  const parts = segments.flatMap((segment) => segment.parts.map(({ duration }) => duration));
  const likely = parts.filter((duration) => duration <= LIKELY_S);
  return {
    target: Math.max(TARGET_DURATION_S, ...lasted),
    partTarget: upToMs(Math.max(PART_TARGET_S, partOfFrames(init) + LATE_S, ...likely)),
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
