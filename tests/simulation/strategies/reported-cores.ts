import type { ClusterSize } from "../cluster/cluster.ts";
import type { Advert } from "./strategy.ts";

/** The cores of the cluster as adverts tell, without any debit. */
export class ReportedCores {
  readonly count: number;
  readonly size: ClusterSize;
  /** ppm; infinite where the node is known to be dead. */
  readonly #loadsPpm: Float64Array;
  readonly #fullPpm: number;

  constructor(size: ClusterSize, fullPpm: number) {
    this.size = size;
    this.count = size.nodes * size.coresPerNode;
    this.#loadsPpm = new Float64Array(this.count);
    this.#fullPpm = fullPpm;
  }

  loadPpm(core: number): number {
    return this.#loadsPpm[core] ?? Number.POSITIVE_INFINITY;
  }

  isFull(core: number): boolean {
    return this.loadPpm(core) >= this.#fullPpm;
  }

  set({ node, loadsPpm }: Advert): void {
    this.#loadsPpm.set(loadsPpm, node * this.size.coresPerNode);
  }

  forget(node: number): void {
    const from = node * this.size.coresPerNode;
    this.#loadsPpm.fill(Number.POSITIVE_INFINITY, from, from + this.size.coresPerNode);
  }
}

/** One way to choose among reported cores. */
export interface CoreChooser {
  /** @returns A core that is not full by its last advert; null when none is found. */
  choose(): number | null;
  /** The adverts of this node have changed. */
  changed?(node: number): void;
}
