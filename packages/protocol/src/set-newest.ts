/** Sets the key as the map's newest, and forgets those that were set longest ago until no more than `max` are left. */
export function setNewest<K, V>(map: Map<K, V>, [key, value]: readonly [K, V], max: number): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= max) break;
    map.delete(oldest);
  }
}
