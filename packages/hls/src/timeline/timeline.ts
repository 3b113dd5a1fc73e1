import { type InitPiece, type PartPiece, type Piece, TARGET_DURATION_S } from "@fairlead/segments";
import { initName, partName } from "./piece-names.ts";
import { TimelineSegment } from "./timeline-segment.ts";
import { chooseDurations, type ToldDurations } from "./told-durations.ts";

/** Of media that playlists list, in target durations. */
const LISTED_TARGETS = 12;
/** Lost numbers up to this many are listed as gaps; after more of them the list begins anew. */
const MOST_GAPS = 3;

export type TimelineOptions = {
  /** Bytes that are kept, listed or not. */
  keptBytes: number;
};

/**
 * One rendition of a live stream, made of pieces alone, in the order in which they are stored. No clock decides anything. Segments are listed, then
 * kept as long again for those who read an older playlist (RFC 8216bis § 6.2.2), then forgotten.
 */
export class Timeline {
  readonly #keptBytes: number;
  #init: InitPiece | null = null;
  #isBroken = false;
  /** Parts of this segment were lost, and the rest of it is left out. */
  #skipped = -1;
  #kept: TimelineSegment[] = [];
  /** Of the first that is kept; itself not counted. */
  #discontinuitySequence = 0;
  #told: ToldDurations | null = null;
  isEnded = false;
  /** Whether every segment began with a key frame so far. What playlists promise of it can be taken back once, and never given again. */
  isIndependent = true;

  constructor({ keptBytes }: TimelineOptions) {
    this.#keptBytes = keptBytes;
  }

  /** @returns Whether anything is to be told that was not before. */
  accept(piece: Piece): boolean {
    if (this.isEnded) return false;
    if (piece.type === "init") return this.#begin(piece);
    if (piece.type === "end") return this.#endSegment(piece);
    return this.#addPart(piece);
  }

  /** Nothing comes any more. */
  end(): void {
    this.#closeOpen();
    this.isEnded = true;
  }

  /** The packager's latest; null: none came. */
  get init(): InitPiece | null {
    return this.#init;
  }

  /** Whether a playlist has anything to play. */
  get isPlayable(): boolean {
    return this.#kept.some((segment) =>
      segment.isWhole ? !segment.isGap : segment.listedParts(this.tell().partTarget).length > 0,
    );
  }

  /** What every playlist of this timeline says, from the first on. */
  tell(): ToldDurations {
    if (!this.#init) throw new Error("no playlist before its first init");
    this.#told ??= chooseDurations(this.#kept, this.#init);
    return this.#told;
  }

  /** What a playlist lists, the segment that is being made included, and the DISCONTINUITY-SEQUENCE of its first. */
  listed(): { segments: TimelineSegment[]; discontinuitySequence: number } {
    const from = this.#firstListed();
    const before = this.#kept.slice(0, from);
    return {
      segments: this.#kept.slice(from),
      discontinuitySequence: this.#discontinuitySequence + discontinuitiesOf(before),
    };
  }

  /** The part that comes next, under the name that it will have; null: none comes. */
  get hintedName(): string | null {
    const last = this.#kept.at(-1);
    if (this.isEnded || !last || !this.#init) return null;
    const { run, sequence } = this.#init;
    if (this.#isBroken) return partName({ run, sequence: Math.max(sequence, last.sequence + 1) }, 0);
    const unlisted = last.parts[last.listedParts(this.tell().partTarget).length];
    return unlisted?.name ?? last.nextPartName;
  }

  /** The last whole segment's number; one below the first, where none is whole yet. */
  get lastSequence(): number {
    const last = this.#kept.at(-1);
    if (!last) return -1;
    return last.isWhole ? last.sequence : last.sequence - 1;
  }

  /** How many parts are listed of the segment after the last whole one. */
  get openParts(): number {
    const last = this.#kept.at(-1);
    if (!last || last.isWhole) return 0;
    return last.listedParts(this.tell().partTarget).length;
  }

  /** The last that is listed, as RENDITION-REPORT tells it (RFC 8216bis § 4.4.5.4); `part` undefined: the whole segment, whose parts aren't. */
  get lastPart(): { sequence: number; part: number | undefined } {
    const open = this.openParts;
    if (open > 0) return { sequence: this.lastSequence + 1, part: open - 1 };
    const parts = this.#kept.findLast(({ isWhole }) => isWhole)?.listedParts(this.tell().partTarget) ?? [];
    return { sequence: this.lastSequence, part: parts.length > 0 ? parts.length - 1 : undefined };
  }

  /** Whether a playlist has this part, or one after it (RFC 8216bis § 6.2.5.2). @param part Undefined: the whole segment. */
  reaches(sequence: number, part: number | undefined): boolean {
    const last = this.lastSequence;
    if (this.isEnded || sequence < last) return true;
    if (part === undefined) return sequence === last;
    if (sequence > last) return sequence === last + 1 && this.openParts > part;
    // A part after a whole segment's last is the next segment's first.
    const whole = this.#kept.findLast(({ isWhole }) => isWhole);
    return !whole || part < whole.parts.length || this.openParts > 0;
  }

  /** Bytes of a piece that is or was listed, in their order. */
  find(name: string): Uint8Array[] | null {
    if (this.#init && initName(this.#init) === name) return [this.#init.bytes];
    for (const segment of this.#kept) {
      if (segment.isWhole && segment.name === name && !segment.isGap) return segment.bytes();
      if (initName(segment.init) === name) return [segment.init.bytes];
      const part = segment.parts.find((each) => each.name === name);
      if (part) return [part.bytes];
    }
    return null;
  }

  #begin(init: InitPiece): boolean {
    const last = this.#kept.at(-1);
    if (this.#init && (init.sequence <= this.#init.sequence || (last && init.sequence <= last.sequence)))
      return false;
    this.#closeOpen();
    if (this.#init) this.#isBroken = true;
    if (!this.#init) this.#discontinuitySequence = init.sequence;
    this.#init = init;
    return true;
  }

  #endSegment({ sequence }: Piece): boolean {
    const last = this.#kept.at(-1);
    if (!last || last.isWhole || last.sequence !== sequence) return false;
    this.#closeOpen();
    return true;
  }

  #addPart(piece: PartPiece): boolean {
    if (!this.#init || piece.run !== this.#init.run || piece.sequence < this.#init.sequence) return false;
    const last = this.#kept.at(-1);
    if (piece.sequence === this.#skipped || (last && piece.sequence < last.sequence)) return false;
    const segment = last?.sequence === piece.sequence ? last : this.#openSegment(piece, this.#init);
    if (!segment) return true;
    if (segment.isWhole || piece.part < segment.parts.length) return false;
    if (piece.part > segment.parts.length || this.#isTooLong(segment, piece)) return this.#loseRest(segment);
    if (piece.part === 0 && !piece.isIndependent) this.isIndependent = false;
    segment.add(piece);
    this.#forget();
    return true;
  }

  #openSegment(piece: PartPiece, init: InitPiece): TimelineSegment | null {
    this.#closeOpen();
    if (piece.part > 0) {
      this.#skipped = piece.sequence;
      this.#isBroken = this.#kept.length > 0;
      return null;
    }
    this.#bridge(piece.sequence);
    const previous = this.#isBroken ? undefined : this.#kept.at(-1);
    const segment = new TimelineSegment({
      run: piece.run,
      sequence: piece.sequence,
      init,
      isDiscontinuous: this.#isBroken,
      firstPartName: previous?.nextPartName ?? partName(piece, 0),
    });
    this.#isBroken = false;
    this.#kept.push(segment);
    return segment;
  }

  /** Numbers that were lost, or whose segments never got a part. */
  #bridge(sequence: number): void {
    const last = this.#kept.at(-1);
    if (!last || sequence === last.sequence + 1) return;
    this.#isBroken = true;
    if (sequence - last.sequence - 1 > MOST_GAPS) {
      this.#drop(this.#kept.length);
      return;
    }
    for (let lost = last.sequence + 1; lost < sequence; lost++) this.#kept.push(gapAt(lost, last));
  }

  #isTooLong(segment: TimelineSegment, { duration }: PartPiece): boolean {
    const target = this.#told?.target;
    return target !== undefined && Math.round(segment.duration + duration) > target;
  }

  /** What follows in this segment can't be listed. The next one begins behind a hole in time. */
  #loseRest(segment: TimelineSegment): boolean {
    this.#skipped = segment.sequence;
    this.#isBroken = true;
    segment.isWhole = true;
    return true;
  }

  #closeOpen(): void {
    const last = this.#kept.at(-1);
    if (last) last.isWhole = true;
  }

  #firstListed(): number {
    const listedS = LISTED_TARGETS * this.tell().target;
    let seconds = 0;
    for (let index = this.#kept.length - 1; index > 0; index--) {
      seconds += this.#kept[index]?.duration ?? 0;
      if (seconds >= listedS) return index;
    }
    return 0;
  }

  /** The last segment is always kept. */
  #forget(): void {
    const keptS = 2 * LISTED_TARGETS * (this.#told?.target ?? TARGET_DURATION_S);
    let seconds = 0;
    let bytes = 0;
    let first = this.#kept.length;
    while (first > 0 && seconds <= keptS) {
      const { duration = 0, byteLength = 0 } = this.#kept[first - 1] ?? {};
      if (bytes + byteLength > this.#keptBytes) break;
      seconds += duration;
      bytes += byteLength;
      first--;
    }
    this.#drop(Math.min(first, this.#kept.length - 1));
  }

  #drop(count: number): void {
    if (count === 0) return;
    this.#discontinuitySequence += discontinuitiesOf(this.#kept.slice(0, count));
    this.#kept = this.#kept.slice(count);
  }
}

function discontinuitiesOf(segments: readonly TimelineSegment[]): number {
  return segments.filter(({ isDiscontinuous }) => isDiscontinuous).length;
}

/** A number without media. */
function gapAt(sequence: number, { run, init }: TimelineSegment): TimelineSegment {
  const firstPartName = partName({ run, sequence }, 0);
  const gap = new TimelineSegment({ run, sequence, init, isDiscontinuous: false, firstPartName });
  gap.isWhole = true;
  return gap;
}
