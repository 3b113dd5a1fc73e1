import { setTimeout as pause } from "node:timers/promises";

/** From the encoder's start, ms. */
export type FirstTimes = { firstPlaylistMs: number; firstSegmentMs: number };

const LOOK_MS = 10;
const GIVEN_UP_MS = 30_000;

/** Whether players find media in it: a whole segment, or a part of one. */
export function listsMedia(playlist: string): boolean {
  return listsSegment(playlist) || /^#EXT-X-PART:/m.test(playlist);
}

export function listsSegment(playlist: string): boolean {
  return /^#EXTINF:/m.test(playlist);
}

/** @returns The address of a multivariant playlist's first rendition, from the playlist's own. */
export function firstRendition(multivariant: string, address: string): string | null {
  const uri = /^[^#\s].*$/m.exec(multivariant)?.[0];
  return uri === undefined ? null : new URL(uri, address).href;
}

/**
 * @param read The media playlist as it is now; null: there is none yet.
 * @throws {Error} Neither came within half a minute.
 */
export async function timeFirsts(
  startedAtMs: number,
  read: () => Promise<string | null>,
): Promise<FirstTimes> {
  let firstPlaylistMs: number | null = null;
  for (;;) {
    const playlist = (await read()) ?? "";
    const sinceMs = performance.now() - startedAtMs;
    if (listsMedia(playlist)) firstPlaylistMs ??= sinceMs;
    if (firstPlaylistMs !== null && listsSegment(playlist))
      return { firstPlaylistMs, firstSegmentMs: sinceMs };
    if (sinceMs > GIVEN_UP_MS)
      throw new Error(`no whole segment in ${GIVEN_UP_MS} ms; the playlist:\n${playlist}`);
    await pause(LOOK_MS);
  }
}

/** @returns null: it answers with anything else. */
export async function readPlaylist(url: string): Promise<{ text: string; url: string } | null> {
  const response = await fetch(url);
  const text = await response.text();
  return response.ok ? { text, url: response.url } : null;
}
