import type { InitPiece, PartPiece, SegmentEndPiece } from "@fairlead/segments";

type Place = { run?: number; sequence: number; rendition?: string };

const placeOf = ({ run = 1, sequence, rendition = "source" }: Place) => ({ run, sequence, rendition });

export function makeInit(place: Place & Partial<InitPiece>): InitPiece {
  return {
    type: "init",
    codecs: "avc1.42e01f,mp4a.40.2",
    video: { width: 1280, height: 720, frameRate: 30 },
    bandwidthBps: 3_000_000,
    bytes: bytesOf(`init ${place.rendition ?? "source"} ${place.run ?? 1}-${place.sequence}`),
    ...place,
    ...placeOf(place),
  };
}

export function makePart(place: Place & { part: number } & Partial<PartPiece>): PartPiece {
  return {
    type: "part",
    duration: 0.3,
    isIndependent: place.part === 0,
    programTimeMs: 1_800_000_000_000 + place.sequence * 2_000 + place.part * 300,
    bytes: bytesOf(`part ${place.rendition ?? "source"} ${place.run ?? 1}-${place.sequence}.${place.part} `),
    ...place,
    ...placeOf(place),
  };
}

export function makeEnd(place: Place): SegmentEndPiece {
  return { type: "end", ...placeOf(place) };
}

/** A whole segment of seven parts: 2 s at 30 frames a second. */
export function makeSegment(place: Place): (PartPiece | SegmentEndPiece)[] {
  const parts = Array.from({ length: 7 }, (_, part) =>
    makePart({ ...place, part, duration: part === 6 ? 0.2 : 0.3 }),
  );
  return [...parts, makeEnd(place)];
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
