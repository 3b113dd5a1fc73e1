/**
 * Orders `nodes` for a room: the same order in every process that knows the same nodes, another one for each room, and
 * hardly another when a node comes or goes (rendezvous hashing, Thaler and Ravishankar 1996).
 *
 * @returns Best first.
 */
export function rankByRendezvous<N extends { nodeId: string; incarnation: string }>(
  roomId: string,
  nodes: readonly N[],
): N[] {
  const scored = nodes.map((node) => ({ node, score: hash(`${roomId} ${node.nodeId}`) }));
  scored.sort((a, b) => b.score - a.score || compareNodes(a.node, b.node));
  return scored.map(({ node }) => node);
}

/** By code unit, so that a run of a node that is being replaced comes in the same order everywhere too. */
function compareNodes(
  a: { nodeId: string; incarnation: string },
  b: { nodeId: string; incarnation: string },
): number {
  const [left, right] = a.nodeId === b.nodeId ? [a.incarnation, b.incarnation] : [a.nodeId, b.nodeId];
  return left < right ? -1 : Number(left > right);
}

/** FNV-1a over code units, then MurmurHash3's finalizer, without which names that end alike score alike. 0..2³²-1. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
