export type ReadPart = { uri: string; duration: number; isIndependent: boolean };

export type ReadSegment = {
  sequence: number;
  /** Of RFC 8216bis § 6.2.1: all that were before it counted. */
  discontinuitySequence: number;
  /** null: it is being made. */
  uri: string | null;
  duration: number;
  map: string | null;
  date: string | null;
  isDiscontinuous: boolean;
  isGap: boolean;
  parts: ReadPart[];
};

export type ReadPlaylist = {
  /** What must not change from one playlist to the next, tag by tag. */
  constants: Record<string, string>;
  target: number;
  partTarget: number;
  control: Record<string, string>;
  mediaSequence: number;
  discontinuitySequence: number;
  isIndependent: boolean;
  skipped: number;
  segments: ReadSegment[];
  hints: string[];
  isEnded: boolean;
};

const CONSTANT = new Set([
  ...["EXT-X-VERSION", "EXT-X-TARGETDURATION", "EXT-X-PART-INF", "EXT-X-SERVER-CONTROL"],
]);

/** Reads a media playlist of ours by the letter of RFC 8216bis, on its own: the writer's library judges elsewhere. */
export function readPlaylist(text: string): ReadPlaylist {
  const playlist: ReadPlaylist = {
    constants: {},
    target: 0,
    partTarget: 0,
    control: {},
    mediaSequence: 0,
    discontinuitySequence: 0,
    isIndependent: false,
    skipped: 0,
    segments: [],
    hints: [],
    isEnded: false,
  };
  const reader = new SegmentReader(playlist);
  for (const line of text.split("\n").slice(1)) {
    const [tag = "", ...rest] = line.replace(/^#/, "").split(":");
    const value = rest.join(":");
    if (CONSTANT.has(tag)) playlist.constants[tag] = value;
    if (!readHeader(playlist, tag, value)) reader.read(line, tag, value);
  }
  reader.close();
  return playlist;
}

function readHeader(playlist: ReadPlaylist, tag: string, value: string): boolean {
  if (tag === "EXT-X-TARGETDURATION") playlist.target = Number(value);
  else if (tag === "EXT-X-PART-INF") playlist.partTarget = Number(attributesOf(value)["PART-TARGET"]);
  else if (tag === "EXT-X-SERVER-CONTROL") playlist.control = attributesOf(value);
  else if (tag === "EXT-X-MEDIA-SEQUENCE") playlist.mediaSequence = Number(value);
  else if (tag === "EXT-X-DISCONTINUITY-SEQUENCE") playlist.discontinuitySequence = Number(value);
  else if (tag === "EXT-X-INDEPENDENT-SEGMENTS") playlist.isIndependent = true;
  else if (tag === "EXT-X-SKIP") playlist.skipped = Number(attributesOf(value)["SKIPPED-SEGMENTS"]);
  else if (tag === "EXT-X-ENDLIST") playlist.isEnded = true;
  else return false;
  return true;
}

/** Gathers the tags of a segment until its URI. */
class SegmentReader {
  readonly #playlist: ReadPlaylist;
  #map: string | null = null;
  #discontinuities = 0;
  #open: Partial<ReadSegment> = {};

  constructor(playlist: ReadPlaylist) {
    this.#playlist = playlist;
  }

  read(line: string, tag: string, value: string): void {
    const open = this.#open;
    const attributes = attributesOf(value);
    if (tag === "EXT-X-MAP") this.#map = attributes.URI ?? null;
    else if (tag === "EXT-X-DISCONTINUITY") open.isDiscontinuous = true;
    else if (tag === "EXT-X-GAP") open.isGap = true;
    else if (tag === "EXT-X-PROGRAM-DATE-TIME") open.date = value;
    else if (tag === "EXTINF") open.duration = Number.parseFloat(value);
    else if (tag === "EXT-X-PART") open.parts = [...(open.parts ?? []), partOf(attributes)];
    else if (tag === "EXT-X-PRELOAD-HINT") this.#playlist.hints.push(attributes.URI ?? "");
    else if (line !== "" && !line.startsWith("#")) this.#add(line);
  }

  /** What has parts and no URI is being made. */
  close(): void {
    if (this.#open.parts) this.#add(null);
  }

  #add(uri: string | null): void {
    const { isDiscontinuous = false, isGap = false, duration = 0, date = null, parts = [] } = this.#open;
    if (isDiscontinuous) this.#discontinuities++;
    const { mediaSequence, skipped, segments, discontinuitySequence } = this.#playlist;
    segments.push({
      sequence: mediaSequence + skipped + segments.length,
      discontinuitySequence: discontinuitySequence + this.#discontinuities,
      ...{ uri, duration, map: this.#map, date, isDiscontinuous, isGap, parts },
    });
    this.#open = {};
  }
}

function partOf({ URI = "", DURATION, INDEPENDENT }: Record<string, string>): ReadPart {
  return { uri: URI, duration: Number(DURATION), isIndependent: INDEPENDENT === "YES" };
}

function attributesOf(value: string): Record<string, string> {
  const pairs = value.matchAll(/([A-Z-]+)=("[^"]*"|[^,]*)/g);
  return Object.fromEntries([...pairs].map(([, name = "", text = ""]) => [name, text.replaceAll('"', "")]));
}

/**
 * The playlist that `delta` stands for, by RFC 8216bis § 6.3.7.
 * @returns null: the player's older playlist lacks what was skipped, and it asks for a whole one.
 */
export function applyDelta(older: ReadPlaylist, delta: ReadPlaylist): ReadPlaylist | null {
  const end = delta.mediaSequence + delta.skipped;
  const kept = older.segments.filter(({ sequence }) => sequence >= delta.mediaSequence && sequence < end);
  if (kept.length < delta.skipped) return null;
  const skippedBreaks = kept.filter(({ isDiscontinuous }) => isDiscontinuous).length;
  const segments = delta.segments.map((segment) => ({
    ...segment,
    discontinuitySequence: segment.discontinuitySequence + skippedBreaks,
  }));
  return { ...delta, skipped: 0, segments: [...kept.map((each) => ({ ...each, parts: [] })), ...segments] };
}
