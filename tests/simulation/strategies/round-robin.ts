import type { CoreChooser, ReportedCores } from "./reported-cores.ts";

/** One room to each core in turn, over the nodes first. */
export function createRoundRobin(cores: ReportedCores): CoreChooser {
  const { nodes, coresPerNode } = cores.size;
  let turn = 0;
  const next = () => {
    const index = turn % cores.count;
    turn += 1;
    return (index % nodes) * coresPerNode + Math.floor(index / nodes);
  };
  return {
    choose() {
      for (let tried = 0; tried < cores.count; tried += 1) {
        const core = next();
        if (!cores.isFull(core)) return core;
      }
      return null;
    },
  };
}
