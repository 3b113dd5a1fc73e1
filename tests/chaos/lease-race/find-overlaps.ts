/** That a node accepted a command for a room, by its own log. */
export type Acceptance = { nodeId: string; roomId: string; epoch: number; atMs: number };

export type Overlap = { roomId: string; earlier: Acceptance; later: Acceptance };

/**
 * Looks for commands that a node accepted for a room after another one had accepted some under a higher epoch: that is, for
 * times in which a room was served twice.
 *
 * @returns The first of each room. Of two in the same millisecond nobody can say which was first: these don't count.
 */
export function findOverlaps(acceptances: readonly Acceptance[]): Overlap[] {
  const byRoom = Map.groupBy(acceptances, ({ roomId }) => roomId);
  return [...byRoom.values()].flatMap((ofRoom) => findOverlap(ofRoom) ?? []);
}

function findOverlap(ofRoom: readonly Acceptance[]): Overlap | null {
  const inTime = ofRoom.toSorted((a, b) => a.atMs - b.atMs);
  let highest: Acceptance | null = null;
  for (const accepted of inTime) {
    if (!highest || accepted.epoch > highest.epoch) highest = accepted;
    const isOfAnother = accepted.nodeId !== highest.nodeId && accepted.epoch < highest.epoch;
    if (isOfAnother && accepted.atMs > highest.atMs)
      return { roomId: accepted.roomId, earlier: highest, later: accepted };
  }
  return null;
}

/** @returns How often a room's commands were accepted by another node than before. */
export function countSteals(acceptances: readonly Acceptance[]): number {
  const byRoom = Map.groupBy(acceptances, ({ roomId }) => roomId);
  return [...byRoom.values()]
    .map((ofRoom) => ofRoom.toSorted((a, b) => a.atMs - b.atMs))
    .flatMap((inTime) =>
      inTime.filter(({ nodeId }, index) => index > 0 && nodeId !== inTime[index - 1]?.nodeId),
    ).length;
}
