import { stringify, types } from "hls-parser";
import { initName } from "../timeline/piece-names.ts";
import type { Timeline } from "../timeline/timeline.ts";
import type { NamedPart, TimelineSegment } from "../timeline/timeline-segment.ts";

/** Delta updates (`EXT-X-SKIP`) need it. */
const VERSION = 9;
/** In target durations: RFC 8216bis § 4.4.3.8 has at least six. */
const SKIP_BOUNDARY_TARGETS = 6;
/** In part targets. */
const HOLD_BACK_PARTS = 3;
/** Segments with parts: those that begin less than three target durations from the end (RFC 8216bis § 4.4.4.9), the one being made included. */
const SEGMENTS_WITH_PARTS = 3;
/** A lost segment's: it has no media, so next to nothing. */
const GAP_S = 0.001;

/** How far another rendition of the same broadcast is. */
export type RenditionProgress = {
  rendition: string;
  timeline: Timeline;
};

export type MediaPlaylistOptions = {
  /** As a delta update: all before the skip boundary is left out. */
  isDelta: boolean;
  /** The broadcast's other renditions. */
  others: readonly RenditionProgress[];
};

/** @param timeline One that is playable. */
export function writeMediaPlaylist(timeline: Timeline, { isDelta, others }: MediaPlaylistOptions): string {
  const { target, partTarget } = timeline.tell();
  const { segments, discontinuitySequence } = timeline.listed();
  const skip = isDelta && !timeline.isEnded ? skippedOf(segments, SKIP_BOUNDARY_TARGETS * target) : 0;
  const playlist = new types.MediaPlaylist({
    version: VERSION,
    targetDuration: target,
    independentSegments: timeline.isIndependent,
    mediaSequenceBase: segments[0]?.sequence ?? 0,
    discontinuitySequenceBase: discontinuitySequence,
    lowLatencyCompatibility: {
      canBlockReload: true,
      canSkipUntil: SKIP_BOUNDARY_TARGETS * target,
      holdBack: 3 * target,
      partHoldBack: Math.ceil(HOLD_BACK_PARTS * partTarget * 1_000) / 1_000,
    },
    partTargetDuration: partTarget,
    skip,
    segments: entriesOf(timeline, segments, partTarget).slice(skip),
    endlist: timeline.isEnded,
    renditionReports: others.filter(({ timeline }) => timeline.isPlayable).map(reportOf),
  });
  return `${stringify(playlist, { segmentProcessor: markGap })}\n`;
}

/** hls-parser itself takes a second gap's line for a mistake. @param start Of the segment's lines. */
function markGap(lines: string[], start: number, _end: number, { duration }: types.Segment): void {
  if (duration === GAP_S) lines.splice(start, 0, "#EXT-X-GAP");
}

/** How many segments end further from the end of the last whole one than the skip boundary. */
function skippedOf(segments: readonly TimelineSegment[], boundaryS: number): number {
  let seconds = 0;
  for (let index = segments.length - 1; index >= 0; index--) {
    const segment = segments[index];
    if (segment?.isWhole) seconds += segment.duration;
    if (seconds >= boundaryS) return index;
  }
  return 0;
}

function entriesOf(
  timeline: Timeline,
  segments: readonly TimelineSegment[],
  partTarget: number,
): types.Segment[] {
  const last = segments.at(-1);
  const hasOpen = last !== undefined && !last.isWhole;
  const firstWithParts = segments.length + (hasOpen ? 0 : 1) - SEGMENTS_WITH_PARTS;
  const dates = new Set<number>();
  const entries = segments.map((segment, index) => {
    const parts = index < firstWithParts ? [] : segment.listedParts(partTarget).map(toPart);
    const isNewDate = !segment.isGap && !dates.has(segment.programTimeMs);
    dates.add(segment.programTimeMs);
    return toEntry(segment, parts, isNewDate);
  });
  const hint = timeline.hintedName;
  if (hint === null) return entries;
  const hinted = new types.PartialSegment({ uri: hint, hint: true });
  if (hasOpen) entries.at(-1)?.parts.push(hinted);
  else entries.push(new types.Segment({ parts: [hinted] }));
  return entries;
}

/** One that is being made has its parts alone. @param isNewDate hls-parser writes no line twice, as a clock that stepped would have it. */
function toEntry(segment: TimelineSegment, parts: types.PartialSegment[], isNewDate: boolean): types.Segment {
  return new types.Segment({
    ...(segment.isWhole && { uri: segment.name, duration: segment.isGap ? GAP_S : segment.duration }),
    mediaSequenceNumber: segment.sequence,
    discontinuity: segment.isDiscontinuous,
    map: new types.MediaInitializationSection({ uri: initName(segment.init) }),
    ...(isNewDate && { programDateTime: new Date(segment.programTimeMs) }),
    parts,
  });
}

function toPart({ name, duration, isIndependent }: NamedPart): types.PartialSegment {
  return new types.PartialSegment({
    hint: false,
    uri: name,
    duration,
    ...(isIndependent && { independent: true }),
  });
}

function reportOf({ rendition, timeline }: RenditionProgress): types.RenditionReport {
  const { sequence, part } = timeline.lastPart;
  // Left out where it is undefined, which the library's types don't say.
  const report = { uri: `../${rendition}/index.m3u8`, lastMSN: sequence, lastPart: part as number };
  return new types.RenditionReport(report);
}
