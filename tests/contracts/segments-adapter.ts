import type { Piece, PiecePlace, Segments } from "@fairlead/segments";

/** An adapter under test, with small bounds: 10 s of media, 100,000 bytes a broadcast, 40,000 a piece. */
export type SegmentsAdapter = {
  segments: Segments;
  close(): Promise<void>;
};

export type CreateSegmentsAdapter = () => Promise<SegmentsAdapter>;

export const BROADCAST = "show";
const SOURCE = "source";

type Place = Omit<PiecePlace, "rendition"> & { rendition?: string };

export function init({ rendition = SOURCE, ...place }: Place): Piece {
  const video = { width: 640, height: 360, frameRate: 30 };
  const bytes = new Uint8Array(100).fill(place.sequence);
  return { type: "init", rendition, ...place, bytes, codecs: "avc1.42e01f", video, bandwidthBps: 1_000_000 };
}

export type PartOptions = Place & { part: number; size?: number; duration?: number };

export function part(options: PartOptions): Piece {
  const { rendition = SOURCE, size = 1_000, duration = 0.3, ...place } = options;
  const bytes = new Uint8Array(size).fill(place.part);
  return {
    type: "part",
    rendition,
    duration,
    ...place,
    isIndependent: place.part === 0,
    programTimeMs: 1_800_000_000_000,
    bytes,
  };
}

export function end({ rendition = SOURCE, ...place }: Place): Piece {
  return { type: "end", rendition, ...place };
}

/** A piece in a word: `init 1-7`, `part 1-7.0`, `end 1-7`; of another rendition with its name before it. */
export function wordOf(piece: Piece): string {
  const name = `${piece.type} ${piece.run}-${piece.sequence}${piece.type === "part" ? `.${piece.part}` : ""}`;
  return piece.rendition === SOURCE ? name : `${piece.rendition} ${name}`;
}

/** Gathers what a follower hears, and waits for it without sleeping. */
export function follow(segments: Segments, broadcastId = BROADCAST) {
  const pieces: Piece[] = [];
  const heard: string[] = [];
  const waiting = new Set<() => void>();
  const hear = (word: string) => {
    heard.push(word);
    for (const check of [...waiting]) check();
  };
  const stop = segments.follow(broadcastId, {
    onPiece: (piece) => {
      pieces.push(piece);
      hear(wordOf(piece));
    },
    onEnded: () => hear("ended"),
  });
  const until = (word: string) =>
    new Promise<string[]>((resolve) => {
      const check = () => {
        if (!heard.includes(word)) return;
        waiting.delete(check);
        resolve(heard);
      };
      waiting.add(check);
      check();
    });
  return { pieces, heard, until, stop };
}

/** Writes all of them, in their order. @returns What became of each. */
export async function writeAll(segments: Segments, pieces: readonly Piece[]): Promise<boolean[]> {
  const taken: boolean[] = [];
  for (const piece of pieces) taken.push(await segments.write(BROADCAST, piece));
  return taken;
}

/** A whole segment of `parts` parts, without an init. */
export function segment(options: Place & { parts: number; size?: number; duration?: number }): Piece[] {
  const { parts, size = 1_000, duration = 0.3, ...place } = options;
  const made = Array.from({ length: parts }, (_, index) => part({ ...place, part: index, size, duration }));
  return [...made, end(place)];
}
