import { expect } from "vitest";
import type { ReceivedTrack, RtcSample } from "./rtc-probe.ts";

/** Anything that can be asked for a sample: a page of either browser. */
export type MediaSide = { media(): Promise<RtcSample> };

type Expected = {
  /** Others whose picture and sound must arrive. */
  from: number;
  /** Milliseconds from now. Default: encoder start, DTLS and a first key frame on a busy machine with two cores. */
  withinMs?: number;
  /** Only what peer connections from this number on bring: those made after a fault. */
  sinceConnection?: number;
};

/** About a second of film at the pace of the fake cameras, 10 or 15 a second: no frame that was waiting somewhere passes for a flow. */
const FRAMES = 12;
/** The fake microphone beeps once a second: a whole beep. */
const SOUND_S = 1.25;
/** Two beeps, neither of which is heard. */
const SILENCE_S = 2;
/** Root mean square, 0..1: -60 dBov. Silence and comfort noise lie far below, the beep far above. */
const AUDIBLE_RMS = 0.001;

/** Holds once, from now on, frames are decoded and sound is heard from exactly that many others. */
export async function expectMedia(side: MediaSide, expected: Expected): Promise<void> {
  const { from, withinMs = 30_000, sinceConnection = 0 } = expected;
  const before = await side.media();
  const flowing = async () => {
    const { received } = await side.media();
    const fresh = received.filter(({ connection }) => connection >= sinceConnection);
    const flows = fresh.filter((track) => isFlowing(track, beforeOf(track, before)));
    const count = (kind: ReceivedTrack["kind"]) => flows.filter((track) => track.kind === kind).length;
    return { pictures: count("video"), sounds: count("audio") };
  };
  await expect
    .poll(flowing, { timeout: withinMs, interval: 250, message: "others that are seen and heard" })
    .toEqual({ pictures: from, sounds: from });
}

/** Holds once two seconds have been played out in which nothing could be heard of the one other. */
export async function expectSilence(side: MediaSide): Promise<void> {
  let since = await side.media();
  const loudness = async () => {
    const now = await side.media();
    const track = now.received.find(({ kind }) => kind === "audio");
    if (!track) return "nothing is received";
    const { durationS, rms } = levelSince(beforeOf(track, since), track);
    if (durationS < SILENCE_S) return "too short to tell";
    // The first window may hold the end of the last word: the next one begins after it.
    since = now;
    return rms < AUDIBLE_RMS ? "silence" : "sound";
  };
  await expect.poll(loudness, { timeout: 20_000, interval: 250 }).toBe("silence");
}

function beforeOf(track: ReceivedTrack, { received }: RtcSample): ReceivedTrack | undefined {
  return received.find(({ connection, id }) => connection === track.connection && id === track.id);
}

function isFlowing(now: ReceivedTrack, before: ReceivedTrack | undefined): boolean {
  if (now.kind === "video") return now.framesDecoded - (before?.framesDecoded ?? 0) >= FRAMES;
  const { durationS, rms } = levelSince(before, now);
  return durationS >= SOUND_S && rms > AUDIBLE_RMS;
}

function levelSince(
  before: ReceivedTrack | undefined,
  now: ReceivedTrack,
): { durationS: number; rms: number } {
  const durationS = now.durationS - (before?.durationS ?? 0);
  const energy = now.energy - (before?.energy ?? 0);
  return { durationS, rms: durationS > 0 ? Math.sqrt(energy / durationS) : 0 };
}
