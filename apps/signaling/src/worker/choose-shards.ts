const SESSION_PATH = /^\/v1\/sessions\/([^/]+)(?:\/|$)/;

/**
 * Which shards to ask, in this order. What belongs to a session goes to one shard, so that its commands share a connection to the bus;
 * anything else begins anywhere and goes on where there is room.
 * @param random 0..1.
 * @returns Numbers from 0 to `count` - 1.
 */
export function chooseShards(path: string, count: number, random: () => number): number[] {
  const session = SESSION_PATH.exec(path)?.[1];
  if (session !== undefined) return [hashOf(session) % count];
  const first = Math.floor(random() * count);
  return Array.from({ length: count }, (_, index) => (first + index) % count);
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}
