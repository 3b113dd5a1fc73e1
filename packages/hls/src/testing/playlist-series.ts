import { parse, setOptions } from "hls-parser";
import { applyDelta, type ReadPlaylist, type ReadSegment, readPlaylist } from "./read-playlist.ts";

const SHORTEST_SHARE = 0.85;
/** Of sums of decimal fractions. */
const ROUNDING_S = 0.001;

/**
 * Holds the playlists of one rendition, as they were served one after the other, to what RFC 8216bis demands of each and of all together.
 * Each fault is a sentence in `faults`.
 */
export class PlaylistSeries {
  readonly faults: string[] = [];
  /** Hints that were taken back without being listed as a part. Each must be there under its name all the same. */
  readonly unlistedHints = new Set<string>();
  readonly #segments = new Map<number, ReadSegment>();
  /** What each URI is. */
  readonly #meanings = new Map<string, string>();
  readonly #bytes = new Map<string, string>();
  latest: ReadPlaylist | null = null;

  /** @param text A whole playlist: of a delta update, what it stands for. */
  accept(text: string): ReadPlaylist {
    setOptions({ strictMode: true });
    try {
      parse(text);
    } catch (error) {
      this.faults.push(`hls-parser: ${(error as Error).message}`);
    }
    const playlist = readPlaylist(text);
    this.#checkHeader(playlist);
    for (const segment of playlist.segments) this.#checkSegment(playlist, segment);
    if (this.latest) this.#checkNext(this.latest, playlist);
    this.#checkParts(playlist);
    this.latest = playlist;
    return playlist;
  }

  /**
   * @param text A delta update.
   * @returns The playlist that it stands for to whoever has the latest one; null: it leaves out more than they have.
   */
  acceptDelta(text: string): ReadPlaylist | null {
    const delta = readPlaylist(text);
    const seconds = delta.segments.reduce((sum, { duration }) => sum + duration, 0);
    const isFar = seconds + ROUNDING_S >= Number(delta.control["CAN-SKIP-UNTIL"]);
    this.#expect(delta.skipped === 0 || isFar, `all but ${seconds} s are left out`);
    return this.latest && applyDelta(this.latest, delta);
  }

  /** A URI never has other bytes. */
  acceptBytes(uri: string, bytes: Uint8Array): void {
    const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    const before = this.#bytes.get(uri);
    this.#expect(before === undefined || before === text, `${uri} has other bytes than before`);
    this.#bytes.set(uri, text);
  }

  #expect(holds: boolean, fault: string): void {
    if (!holds) this.faults.push(fault);
  }

  /** § 4.4.3: what a playlist says of itself. */
  #checkHeader({ target, partTarget, control, hints, isEnded, segments }: ReadPlaylist): void {
    this.#expect(Number.isInteger(target) && target > 0, "no TARGETDURATION");
    this.#expect(control["CAN-BLOCK-RELOAD"] === "YES", "no CAN-BLOCK-RELOAD");
    this.#expect(Number(control["CAN-SKIP-UNTIL"]) >= 6 * target, "CAN-SKIP-UNTIL is below six targets");
    this.#expect(Number(control["HOLD-BACK"]) >= 3 * target, "HOLD-BACK is below three targets");
    this.#expect(
      Number(control["PART-HOLD-BACK"]) >= 3 * partTarget,
      "PART-HOLD-BACK is below three part targets",
    );
    this.#expect(segments.length > 0, "nothing is listed");
    this.#expect(hints.length === (isEnded ? 0 : 1), `${hints.length} hints`);
    this.#expect(!isEnded || segments.every(({ uri }) => uri !== null), "ended with an open segment");
    const hasDate = segments.some(({ date }) => date !== null);
    this.#expect(hasDate || segments.every(({ parts }) => parts.length === 0), "no PROGRAM-DATE-TIME");
  }

  /** § 4.4.4 */
  #checkSegment(playlist: ReadPlaylist, segment: ReadSegment): void {
    const { sequence, uri, duration, map, isGap, parts } = segment;
    this.#expect(map !== null, `segment ${sequence} has no MAP`);
    this.#expect(Math.round(duration) <= playlist.target, `segment ${sequence} is longer than the target`);
    if (uri !== null) this.#expect(duration > 0, `segment ${sequence} has no duration`);
    if (uri !== null && parts.length > 0) {
      const sum = parts.reduce((seconds, part) => seconds + part.duration, 0);
      this.#expect(sum <= duration + ROUNDING_S, `the parts of segment ${sequence} are longer than it`);
    }
    if (playlist.isIndependent && !isGap && parts[0])
      this.#expect(parts[0].isIndependent, `segment ${sequence} begins without a key frame`);
    this.#keepMeaning(uri, `segment ${sequence}`);
    this.#keepMeaning(map, "init");
    this.#checkSame(segment);
  }

  /** § 4.4.4.9 */
  #checkParts({ segments, target, partTarget }: ReadPlaylist): void {
    let fromEnd = 0;
    for (const { sequence, uri, duration, parts } of segments.toReversed()) {
      this.#expect(parts.length === 0 || fromEnd <= 3 * target, `segment ${sequence} still lists parts`);
      fromEnd += uri === null ? 0 : duration;
      for (const [index, part] of parts.entries()) {
        this.#keepMeaning(part.uri, `part ${sequence}.${index}`);
        this.#expect(part.duration <= partTarget, `${part.uri} is longer than the part target`);
        const isLast = index === parts.length - 1;
        const isLong = part.duration >= SHORTEST_SHARE * partTarget;
        this.#expect(isLast || part.isIndependent || isLong, `${part.uri} is too short`);
      }
    }
  }

  /** A URI stands for one thing. */
  #keepMeaning(uri: string | null, meaning: string): void {
    if (uri === null) return;
    const before = this.#meanings.get(uri);
    this.#expect(before === undefined || before === meaning, `${uri} was ${before}, and is ${meaning}`);
    this.#meanings.set(uri, meaning);
  }

  /** § 6.2.1: what was listed of a segment stays so. */
  #checkSame(segment: ReadSegment): void {
    const { sequence, parts } = segment;
    const before = this.#segments.get(sequence);
    const isSame = (name: keyof ReadSegment) => before?.[name] === segment[name];
    this.#segments.set(sequence, { ...segment, parts: parts.length > 0 ? parts : (before?.parts ?? []) });
    if (!before) return;
    for (const name of ["map", "isDiscontinuous", "isGap", "discontinuitySequence"] as const)
      this.#expect(isSame(name), `${name} of segment ${sequence} changed`);
    if (before.uri !== null)
      this.#expect(isSame("uri") && isSame("duration"), `segment ${sequence} changed after it was whole`);
    if (parts.length === 0) return;
    const kept = JSON.stringify(parts.slice(0, before.parts.length));
    this.#expect(kept === JSON.stringify(before.parts), `the parts of segment ${sequence} changed`);
  }

  /** § 6.2.2 */
  #checkNext(before: ReadPlaylist, next: ReadPlaylist): void {
    this.#expect(
      JSON.stringify(before.constants) === JSON.stringify(next.constants),
      `${JSON.stringify(before.constants)} became ${JSON.stringify(next.constants)}`,
    );
    this.#expect(next.mediaSequence >= before.mediaSequence, "MEDIA-SEQUENCE went back");
    this.#expect(
      next.discontinuitySequence >= before.discontinuitySequence,
      "DISCONTINUITY-SEQUENCE went back",
    );
    this.#expect(endOf(next) >= endOf(before), "what was listed is gone from the end");
    this.#expect(before.isIndependent || !next.isIndependent, "INDEPENDENT-SEGMENTS came late");
    this.#expect(!before.isEnded || next.isEnded, "it goes on after ENDLIST");
    this.#expect(!before.isEnded || endOf(next) === endOf(before), "it grew after ENDLIST");
    this.#checkRemoval(before, next);
    this.#checkHint(before, next);
  }

  #checkRemoval(before: ReadPlaylist, next: ReadPlaylist): void {
    const isRestart = next.segments[0]?.isDiscontinuous === true;
    if (next.mediaSequence === before.mediaSequence || isRestart) return;
    const seconds = next.segments.reduce((sum, { duration }) => sum + duration, 0);
    this.#expect(seconds >= 3 * next.target, `only ${seconds} s are listed after a segment was removed`);
  }

  /** § 4.4.5.3: a hint is kept, unless what would have come does not come. */
  #checkHint(before: ReadPlaylist, next: ReadPlaylist): void {
    const [hint] = before.hints;
    if (hint === undefined || next.hints[0] === hint || next.isEnded) return;
    if (next.segments.some(({ parts }) => parts.some(({ uri }) => uri === hint))) return;
    const from = lastSequenceOf(before);
    const isBroken = next.segments.some((each) => each.sequence >= from && each.isDiscontinuous);
    const isTakenBack = next.hints[0]?.endsWith(".0.m4s") ?? false;
    if (!isBroken && !isTakenBack) this.unlistedHints.add(hint);
  }
}

function lastSequenceOf({ segments }: ReadPlaylist): number {
  return segments.at(-1)?.sequence ?? 0;
}

/** How far a playlist goes, as a number that grows with every part. */
function endOf({ segments }: ReadPlaylist): number {
  const last = segments.at(-1);
  if (!last) return 0;
  return last.uri === null ? last.sequence + last.parts.length / 1_000 : last.sequence + 1;
}
