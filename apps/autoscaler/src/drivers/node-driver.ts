/** A machine, pod or process that runs, or will run, one media node. */
export type NodeInstance = {
  /** The driver's own name of it. */
  id: string;
  /** The node's id, under which it beats; null while nobody knows it. */
  nodeId: string | null;
  /** When it was asked for, milliseconds since 1970. */
  askedAtMs: number;
};

/** Whether this autoscaler is the one that acts; asked before each step, since another one may act by then. */
export type MayAct = () => boolean;

/**
 * Whoever can start and remove the media nodes of one group: local processes, Kubernetes, an operator's own cloud. It decides nothing, and
 * keeps no count of its own: `list` says what there is, after a restart of the autoscaler too.
 */
export interface NodeDriver {
  /**
   * All that there are, those included that are on their way.
   * @throws {Error} It can't be asked now: nothing is changed until it can.
   */
  list(): Promise<NodeInstance[]>;

  /**
   * Asks for so many more. Resolves once that was taken; they beat when they run.
   * @throws {Error} It was not taken, or nobody knows: `list` tells.
   */
  start(count: number, mayAct: MayAct): Promise<void>;

  /**
   * Removes this one and no other. Its node has no rooms. One that is gone already is no error.
   * @throws {Error} It is still there, or nobody knows: `list` tells.
   */
  remove(instance: NodeInstance, mayAct: MayAct): Promise<void>;

  close(): Promise<void>;
}
