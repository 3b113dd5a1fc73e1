import type { CoreChooser, ReportedCores } from "./reported-cores.ts";

/** The core that reports least, of the whole cluster; ties go to the first. Nobody debits it until its next advert. */
export function createLeastReported(cores: ReportedCores): CoreChooser {
  const { nodes, coresPerNode } = cores.size;
  // A tournament between nodes: leaf `leaves + node` holds the node's best core, each inner place its better child's.
  const leaves = 2 ** Math.ceil(Math.log2(Math.max(nodes, 2)));
  const winners = new Int32Array(2 * leaves).fill(-1);
  const better = (a: number, b: number) => {
    if (a < 0 || b < 0) return Math.max(a, b);
    return cores.loadPpm(b) < cores.loadPpm(a) ? b : a;
  };
  const bestOf = (node: number) => {
    let best = node * coresPerNode;
    for (let core = best + 1; core < (node + 1) * coresPerNode; core += 1) best = better(best, core);
    return best;
  };
  return {
    changed(node) {
      let place = leaves + node;
      winners[place] = bestOf(node);
      for (place >>= 1; place > 0; place >>= 1)
        winners[place] = better(winners[2 * place] ?? -1, winners[2 * place + 1] ?? -1);
    },
    choose() {
      const best = winners[1] ?? -1;
      return best < 0 || cores.isFull(best) ? null : best;
    },
  };
}
