import type { SimulatedRoom } from "../cluster/cluster.ts";

export type StrategyName = "ours" | "roundRobin" | "random" | "twoChoices" | "leastReported";

/** A node's words in one beat: the load of its cores, ppm, as it measured them some time ago. */
export type Advert = { node: number; loadsPpm: Float64Array };

/** A way to place rooms that knows only what adverts and its own placements tell. Cores are indices over the cluster. */
export interface Strategy {
  /**
   * A peer joins: the first of a room that is not open yet, or a further one.
   * @returns The core that is to serve the room, which may be one whose node has died; null when none takes it.
   */
  join(room: SimulatedRoom): Promise<number | null>;

  /** @param room Its node died. @returns Its new core; null when refused, and the room is an orphan again later. */
  replace(room: SimulatedRoom): Promise<number | null>;

  /** The room has more or fewer peers, or another core, than before. */
  peersChanged?(room: SimulatedRoom): void;

  /** Its last peer has left. */
  end?(room: SimulatedRoom): Promise<void>;

  /** @returns Ids of rooms whose nodes are found dead: to be replaced now. Some may have ended. */
  hear(advert: Advert): Promise<string[]>;

  nodeDied(node: number, rooms: readonly SimulatedRoom[]): void;

  nodeStarted(node: number): void;
}
