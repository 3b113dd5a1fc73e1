/**
 * The packing of somebody who knows each room's cost beforehand: the largest room first, each to the core that is
 * least loaded with all before it (LPT); then rooms of the fullest core are moved, or swapped for smaller ones of
 * others, as long as that lowers it. `floorPpm`, which no packing can go below, shows how near to the best it comes.
 *
 * @param base Load of each core before, ppm. @param rooms What each room comes to, ppm.
 */
export function packIdeally(
  base: Float64Array,
  rooms: readonly number[],
): { peakPpm: number; floorPpm: number } {
  const cores = Array.from(base, (basePpm) => ({ loadPpm: basePpm, rooms: [] as number[] }));
  for (const room of [...rooms].sort((a, b) => b - a)) put(room, leastLoaded(cores));
  while (lowerFullest(cores));
  return { peakPpm: fullest(cores).loadPpm, floorPpm: floorOf(base, rooms) };
}

type Core = { loadPpm: number; rooms: number[] };

function put(room: number, core: Core): void {
  core.rooms.push(room);
  core.loadPpm += room;
}

function take(room: number, core: Core): void {
  core.rooms.splice(core.rooms.indexOf(room), 1);
  core.loadPpm -= room;
}

function lowerFullest(cores: readonly Core[]): boolean {
  const from = fullest(cores);
  for (const room of from.rooms)
    for (const to of cores) {
      if (to === from) continue;
      // 0: a move without a swap.
      const back = [0, ...to.rooms].find((other) => other < room && to.loadPpm + room - other < from.loadPpm);
      if (back === undefined) continue;
      take(room, from);
      put(room, to);
      if (back > 0) {
        take(back, to);
        put(back, from);
      }
      return true;
    }
  return false;
}

function fullest(cores: readonly Core[]): Core {
  return cores.reduce((a, b) => (b.loadPpm > a.loadPpm ? b : a));
}

function leastLoaded(cores: readonly Core[]): Core {
  return cores.reduce((a, b) => (b.loadPpm < a.loadPpm ? b : a));
}

/** The fullest core of before; the largest room alone on the idlest core; all poured like water. */
function floorOf(base: Float64Array, rooms: readonly number[]): number {
  const sorted = [...base].sort((a, b) => a - b);
  const total = rooms.reduce((sum, room) => sum + room, 0);
  const levels = sorted.map(
    (_, index) => (sorted.slice(0, index + 1).reduce((sum, ppm) => sum + ppm, 0) + total) / (index + 1),
  );
  const largest = Math.max(0, ...rooms) + (sorted[0] ?? 0);
  return Math.max(sorted.at(-1) ?? 0, largest, Math.min(...levels));
}
