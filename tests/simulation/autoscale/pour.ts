/**
 * Spreads a load over nodes, onto the emptiest first, up to one level.
 * @param full More than this no node takes.
 * @returns What found no place.
 */
export function pour(nodes: { loadCores: number }[], cores: number, full: number): number {
  if (cores <= 0) return 0;
  const sorted = nodes.toSorted((a, b) => a.loadCores - b.loadCores);
  const level = Math.min(full, levelOf(sorted, cores));
  let poured = 0;
  for (const node of sorted) {
    const more = Math.max(0, level - node.loadCores);
    node.loadCores += more;
    poured += more;
  }
  return cores - poured > 1e-6 ? cores - poured : 0;
}

function levelOf(sorted: readonly { loadCores: number }[], cores: number): number {
  let below = 0;
  for (const [index, { loadCores }] of sorted.entries()) {
    below += loadCores;
    const level = (below + cores) / (index + 1);
    if (level <= (sorted[index + 1]?.loadCores ?? Number.POSITIVE_INFINITY)) return level;
  }
  return 0;
}
