import type { Piece } from "@fairlead/segments";
import { array, assert, constant, constantFrom, double, integer, oneof, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import { writeMediaPlaylist } from "../playlists/media-playlist.ts";
import { makeEnd, makeInit, makePart } from "../testing/make-pieces.ts";
import { PlaylistSeries } from "../testing/playlist-series.ts";
import type { ReadPlaylist } from "../testing/read-playlist.ts";
import { Timeline } from "./timeline.ts";

const FAULTS = [
  ...["part lost", "first part lost", "end lost", "segment lost", "init without parts", "many lost"],
  ...["twice", "late", "too long a part", "too short a part", "no key frame", "clock steps"],
] as const;

/** A history that fails is made smaller for so long. Another seed finds others. */
const SHRINKING = {
  interruptAfterTimeLimit: 20_000,
  markInterruptAsFailure: false,
  seed: Number(process.env.FAIRLEAD_SEED ?? 1),
};

type Step = {
  kind: "segment" | "new run" | "restart" | (typeof FAULTS)[number];
  /** Seconds of its parts but the last. */
  durations: number[];
  last: number;
};

const Steps = array(
  record<Step>({
    kind: oneof(
      { weight: 12, arbitrary: constant<Step["kind"]>("segment") },
      { weight: 1, arbitrary: constantFrom<Step["kind"][]>("new run", "restart") },
      { weight: 1, arbitrary: constantFrom(...FAULTS) },
    ),
    durations: array(double({ min: 0.284, max: 0.334, noNaN: true }), { minLength: 1, maxLength: 6 }),
    last: double({ min: 0.033, max: 0.334, noNaN: true }),
  }),
  { minLength: 1, maxLength: 60, size: "max" },
);

/** What a packager writes, and what of it arrives. */
class ScriptedPackager {
  #run = 1;
  #sequence: number;
  #needsInit = true;
  #offsetMs = 0;

  constructor(sequence: number) {
    this.#sequence = sequence;
  }

  take({ kind, durations, last }: Step): Piece[] {
    if (kind === "new run") this.#run += 2;
    if (kind === "new run" || kind === "restart") this.#needsInit = true;
    if (kind === "clock steps") this.#offsetMs = -Math.round(last * 100_000_000);
    if (kind === "many lost") this.#sequence += 40;
    if (kind === "segment lost") this.#sequence += 1;
    const place = { run: this.#run, sequence: this.#sequence };
    const pieces: Piece[] = this.#needsInit || kind === "init without parts" ? [makeInit(place)] : [];
    this.#needsInit = kind === "init without parts";
    this.#sequence++;
    if (kind === "init without parts") return pieces;
    const parts = [...durations, last].map((duration, part) =>
      makePart({ ...place, part, duration, isIndependent: part === 0 && kind !== "no key frame" }),
    );
    for (const part of parts) part.programTimeMs += this.#offsetMs;
    return [...pieces, ...this.#damaged(kind, parts), ...(kind === "end lost" ? [] : [makeEnd(place)])];
  }

  #damaged(kind: Step["kind"], parts: ReturnType<typeof makePart>[]): Piece[] {
    const [first] = parts;
    if (!first) return [];
    const middle = parts[1] ?? first;
    if (kind === "part lost") return parts.filter((_, index) => index !== 1);
    if (kind === "first part lost") return parts.slice(1);
    if (kind === "twice") return parts.flatMap((part) => [part, part]);
    if (kind === "late") return [...parts, first];
    if (kind === "too long a part") middle.duration = 1.1;
    if (kind === "too short a part") middle.duration = 0.05;
    return parts;
  }
}

/** Plays a history, and asks for the playlist after every piece, as a whole and as an update of the one before it. */
function play(steps: readonly Step[], { first, keptBytes }: { first: number; keptBytes: number }) {
  const timeline = new Timeline({ keptBytes });
  const series = new PlaylistSeries();
  const packager = new ScriptedPackager(first);
  const tell = () => {
    if (!timeline.isPlayable) return;
    const applied = series.acceptDelta(writeMediaPlaylist(timeline, { isDelta: true, others: [] }));
    const whole = series.accept(writeMediaPlaylist(timeline, { isDelta: false, others: [] }));
    if (applied) expect(mediaOf(applied)).toEqual(mediaOf(whole));
    for (const uri of urisOf(whole)) {
      const bytes = timeline.find(uri);
      if (bytes) series.acceptBytes(uri, Buffer.concat(bytes));
      else series.faults.push(`${uri} is listed and not there`);
    }
    for (const uri of series.unlistedHints) {
      if (!timeline.find(uri)) series.faults.push(`${uri} was hinted and never came`);
      series.unlistedHints.delete(uri);
    }
  };
  for (const step of steps)
    for (const piece of packager.take(step)) {
      timeline.accept(piece);
      tell();
    }
  timeline.end();
  tell();
  return series;
}

/** Parts of what is skipped are those of the older playlist. */
function mediaOf({ segments }: ReadPlaylist) {
  return segments.map((segment, index) => ({
    ...segment,
    parts: index > segments.length - 4 && segment.parts,
  }));
}

function urisOf({ segments }: ReadPlaylist): string[] {
  return segments.flatMap(({ uri, map, isGap, parts }) => [
    ...[uri, map].filter((each): each is string => each !== null && !(isGap && each === uri)),
    ...parts.map((part) => part.uri),
  ]);
}

describe("a timeline over random histories", () => {
  it("has playlists that hold all that RFC 8216bis demands, each and all together", () => {
    assert(
      property(Steps, integer({ min: 0, max: 1_000 }), (steps, first) => {
        expect(play(steps, { first, keptBytes: 1_000_000 }).faults).toEqual([]);
      }),
      { numRuns: 12, ...SHRINKING },
    );
  });

  it("keeps to its bytes, and to all but the length of its list then", () => {
    assert(
      property(Steps, integer({ min: 100, max: 400 }), (steps, keptBytes) => {
        const { faults } = play(steps, { first: 0, keptBytes });
        // So little is kept that what was hinted may be gone again when the next playlist is asked for.
        expect(faults.filter((fault) => !/^only |was hinted/.test(fault))).toEqual([]);
      }),
      { numRuns: 8, ...SHRINKING },
    );
  });
});
