const SESSION_PATH = /^\/v1\/(?:sessions|broadcasts\/[^/]+\/(?:whip|whep)\/[^/]+)\/([^/]+)/;

/**
 * Which shards to ask, in this order, until one has room. All requests of one session, one of WHIP or WHEP too, begin at the same shard,
 * so that they share a connection to the bus and are counted together; anything else begins anywhere.
 * @param random 0..1.
 * @returns Numbers from 0 to `count` - 1.
 */
export function chooseShards(path: string, count: number, random: () => number): number[] {
  const session = sessionOf(path);
  const first = session === undefined ? Math.floor(random() * count) : hashOf(session) % count;
  return Array.from({ length: count }, (_, index) => (first + index) % count);
}

/** @returns The session that a request's path names, whether or not one can have such an id; undefined for any other path. */
export function sessionOf(path: string): string | undefined {
  return SESSION_PATH.exec(path)?.[1];
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
