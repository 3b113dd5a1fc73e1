import { sessionOf } from "./session-of.ts";

/**
 * Which shards to ask, in this order, until one has room. What belongs to a session begins at one and the same, so that its commands
 * share a connection to the bus; anything else begins anywhere.
 * @param random 0..1.
 * @returns Numbers from 0 to `count` - 1.
 */
export function chooseShards(path: string, count: number, random: () => number): number[] {
  const session = sessionOf(path);
  const first = session === undefined ? Math.floor(random() * count) : hashOf(session) % count;
  return Array.from({ length: count }, (_, index) => (first + index) % count);
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
