import { type InitPiece, PART_TARGET_S, type PartPiece } from "@fairlead/segments";
import { partName, segmentName } from "./piece-names.ts";

/**
 * The least that a part has that is neither independent nor its segment's last. Of the packager's part target, also where a longer one was told: a
 * first part that misled about the rate of frames is no reason to list no part ever after.
 */
const SHORTEST_S = 0.85 * PART_TARGET_S;

/** A part under its name. */
export type NamedPart = {
  name: string;
  duration: number;
  isIndependent: boolean;
  bytes: Uint8Array;
};

export type TimelineSegmentOptions = {
  run: number;
  sequence: number;
  init: InitPiece;
  /** A DISCONTINUITY stands before it. */
  isDiscontinuous: boolean;
  /** Under which its first part was hinted. */
  firstPartName: string;
};

/** A segment of the timeline. Its media is there as soon as its first part is. */
export class TimelineSegment {
  readonly run: number;
  readonly sequence: number;
  readonly init: InitPiece;
  readonly isDiscontinuous: boolean;
  readonly #firstPartName: string;
  readonly parts: NamedPart[] = [];
  programTimeMs = 0;
  /** Seconds. */
  duration = 0;
  byteLength = 0;
  /** No further part comes. */
  isWhole = false;

  constructor(options: TimelineSegmentOptions) {
    this.run = options.run;
    this.sequence = options.sequence;
    this.init = options.init;
    this.isDiscontinuous = options.isDiscontinuous;
    this.#firstPartName = options.firstPartName;
  }

  get name(): string {
    return segmentName(this);
  }

  /** Of the part that comes next; of a whole segment, that of the next segment's first part, if it is of the same run. */
  get nextPartName(): string {
    return this.parts.length === 0 ? this.#firstPartName : partName(this, this.parts.length);
  }

  /** It was lost: its number is there, and nothing else. */
  get isGap(): boolean {
    return this.isWhole && this.parts.length === 0;
  }

  add(piece: PartPiece): void {
    if (this.parts.length === 0) this.programTimeMs = piece.programTimeMs;
    const { isIndependent, bytes } = piece;
    const duration = rounded(piece.duration);
    this.parts.push({ name: this.nextPartName, duration, isIndependent, bytes });
    this.duration = rounded(this.duration + duration);
    this.byteLength += bytes.byteLength;
  }

  /**
   * The parts that a playlist may list: RFC 8216bis § 4.4.4.9 has none that is longer than the target, and shorter ones only if they are
   * independent or the last. All that come after another one are left to the whole segment.
   */
  listedParts(partTarget: number): NamedPart[] {
    const isListed = ({ duration, isIndependent }: NamedPart, index: number) =>
      duration <= partTarget &&
      (isIndependent || duration >= SHORTEST_S || (this.isWhole && index === this.parts.length - 1));
    const end = this.parts.findIndex((part, index) => !isListed(part, index));
    return end === -1 ? this.parts : this.parts.slice(0, end);
  }

  /** All of it, once it is whole: its parts in their order, without a copy. */
  bytes(): Uint8Array[] {
    return this.parts.map(({ bytes }) => bytes);
  }
}

/** As playlists write it. */
function rounded(seconds: number): number {
  return Math.round(seconds * 100_000) / 100_000;
}
