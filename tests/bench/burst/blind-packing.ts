/**
 * The packing of somebody who knows each core's load and a room's average cost, but no room's own: each goes
 * to the core that is least loaded with those before it. How far it lies above the ideal packing is the price of not knowing.
 *
 * @param base Load of each core before, ppm. @param rooms What each room comes to, ppm, in order of arrival.
 * @returns Load of the fullest core, ppm.
 */
export function packBlindly(base: Float64Array, rooms: readonly number[]): number {
  const meanPpm = rooms.reduce((sum, room) => sum + room, 0) / rooms.length;
  const expected = base.slice();
  const loads = base.slice();
  for (const room of rooms) {
    const core = expected.reduce((best, ppm, index) => (ppm < (expected[best] ?? 0) ? index : best), 0);
    expected[core] = (expected[core] ?? 0) + meanPpm;
    loads[core] = (loads[core] ?? 0) + room;
  }
  return Math.max(...loads);
}
