import { SHORTEST_PART_S } from "@fairlead/segments";
import { type Box, BoxSplitter, MOST_BOX_BYTES, unreadable } from "./boxes.ts";
import { readMoof, type TrackFragment } from "./read-moof.ts";
import { type Mp4Track, readMoov } from "./read-moov.ts";

/** How the fragments after it are decoded. */
export type Init = { bytes: Uint8Array; codecs: string; picture: { width: number; height: number } | null };

/** A `moof` and its `mdat`. Times in seconds, from the beginning of ffmpeg's run. */
export type Fragment = {
  bytes: Uint8Array;
  startS: number;
  endS: number;
  /** Its first frame is shown then. */
  shownAtS: number;
  /** It begins with a key frame, or there are no pictures at all. */
  isIndependent: boolean;
  /** Neither track of it is as long as fragments are: a key frame has ended it, and begins the next one. */
  isCutShort: boolean;
  /** Of pictures. */
  frames: number;
};

export type Mp4Event = { type: "init"; init: Init } | { type: "fragment"; fragment: Fragment };

/** Sound that goes on alone for longer has lost its pictures, and counts. */
const SOUND_AHEAD_S = 0.1;
const LONGEST_S = 60;
/** The longest packet of sound (AAC at 32,000 samples a second): sound ends a fragment by one of its packets too early. */
const SOUND_PACKET_S = 0.032;
const IGNORED = ["styp", "sidx", "free", "prft", "mfra"];

/** Reads the fragmented MP4 of one run of ffmpeg. Trusts no byte of it, and holds one fragment at most. */
export class FragmentReader {
  readonly #boxes = new BoxSplitter();
  #ftyp: Box | null = null;
  #moof: Box | null = null;
  #tracks: Mp4Track[] | null = null;

  /** @throws {FairleadError} `media_rejected`: this is no fragmented MP4 of H.264 and AAC. Nothing after it can be read. */
  push(chunk: Uint8Array): Mp4Event[] {
    try {
      return this.#boxes.push(chunk).flatMap((box) => this.#take(box) ?? []);
    } catch (error) {
      // Numbers that point beyond a box.
      throw error instanceof RangeError ? unreadable(error.message) : error;
    }
  }

  #take(box: Box): Mp4Event | null {
    const { type } = box;
    if (type === "ftyp" && !this.#tracks) this.#ftyp = box;
    else if (type === "moov" && !this.#tracks) return { type: "init", init: this.#takeMoov(box) };
    else if (type === "moof" && !this.#moof) this.#moof = box;
    else if (type === "mdat") return this.#takeMdat(box);
    else if (!IGNORED.includes(type)) throw unreadable(`${JSON.stringify(type)} out of place`);
    return null;
  }

  #takeMoov(moov: Box): Init {
    if (!this.#ftyp) throw unreadable("moov without ftyp");
    this.#tracks = readMoov(moov);
    return {
      bytes: Buffer.concat([this.#ftyp.bytes, moov.bytes]),
      codecs: this.#tracks.map(({ codec }) => codec).join(","),
      picture: this.#tracks.find(({ picture }) => picture)?.picture ?? null,
    };
  }

  #takeMdat(mdat: Box): Mp4Event | null {
    if (!this.#moof || !this.#tracks) throw unreadable("mdat out of place");
    const parts = readMoof(this.#moof, this.#tracks);
    const bytes = Buffer.concat([this.#moof.bytes, mdat.bytes]);
    this.#moof = null;
    if (bytes.length > MOST_BOX_BYTES) throw unreadable("a fragment too large");
    const hasPictures = this.#tracks.some(({ picture }) => picture);
    return parts.length === 0 ? null : { type: "fragment", fragment: fragmentOf(bytes, parts, hasPictures) };
  }
}

function fragmentOf(bytes: Buffer, parts: readonly TrackFragment[], hasPictures: boolean): Fragment {
  const pictures = parts.find(({ track }) => track.picture);
  const sound = parts.find(({ track }) => !track.picture);
  const main = pictures ?? sound;
  if (!main) throw unreadable("a fragment of no track");
  const isSoundAlone = sound && sound.endS - main.endS > SOUND_AHEAD_S;
  const endS = isSoundAlone ? sound.endS : main.endS;
  if (!(endS - main.startS <= LONGEST_S)) throw unreadable("a fragment too long");
  const isIndependent = pictures ? pictures.beginsWithKey : !hasPictures;
  const { startS, shownAtS } = main;
  const isCutShort = parts.every((part) => part.endS - part.startS < SHORTEST_PART_S - SOUND_PACKET_S);
  return { bytes, startS, endS, shownAtS, isIndependent, isCutShort, frames: pictures?.samples ?? 0 };
}
