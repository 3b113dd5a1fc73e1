import type { GroupCapacity, NodeStatus } from "@fairlead/protocol";
import type { NodeInstance } from "../drivers/node-driver.ts";

/** One run of one node that beats. */
export type SeenNode = Pick<NodeStatus, "nodeId" | "state" | "drain" | "busConnected"> & {
  rooms: number;
  peers: number;
};

/** An instance of the driver, and what was seen of its node since this process looks at it. */
export type SeenInstance = NodeInstance & {
  /** Since it was asked for, ms; no clock that is set meanwhile changes it. */
  ageMs: number;
  /** For how long its node has not beaten, ms, of the time that it has been looked at without a break. */
  silentMs: number;
  /** Its node was heard while it was looked at. */
  hasBeaten: boolean;
};

/** All that is known of one group at one moment. */
export type Observation = {
  /** null: nobody of the group is known, though others are. */
  capacity: GroupCapacity | null;
  nodes: readonly SeenNode[];
  /** The groups of all other nodes that beat, by node id. */
  elsewhere: ReadonlyMap<string, string>;
  /** null: the driver could not be asked. */
  instances: readonly SeenInstance[] | null;
  /** How many were asked for, and the driver does not list yet. */
  unlisted: number;
  /** Nodes that were drained, or given up, lately, and are still there. */
  spared: ReadonlySet<string>;
  /** Instances that the driver said lately it would remove. */
  removed: ReadonlySet<string>;
};

/** Times in ms. */
export type ScaleRules = {
  /** Fewest nodes. */
  min: number;
  /** Most that are ever asked for; those that the driver does not know count too. */
  max: number;
  /** By then a node that was asked for beats. */
  startMs: number;
  /** After a node has come none goes for so long. */
  settleMs: number;
  /** By then a drain is over. */
  drainMs: number;
};

export type Action =
  | { do: "undrain"; nodeId: string; why: "needed" | "unfinished" | "no_instance" }
  | { do: "start"; count: number; wanted: number; ready: number; why: string }
  | { do: "drain"; nodeId: string; rooms: number; peers: number }
  /** `drainedMs`: for how long it had been draining. */
  | {
      do: "remove";
      instance: NodeInstance;
      why: "empty" | "never_came" | "silent";
      drainedMs?: number | undefined;
    };

/** Something that an operator should know of; told when it begins, and from time to time while it lasts. */
export type Finding = {
  what:
    | "driver_away"
    | "group_unknown"
    | "at_most"
    | "never_came"
    | "node_silent"
    | "drain_unfinished"
    | "drain_without_instance"
    | "nothing_to_drain"
    | "node_twice"
    | "node_of_other_group"
    | "nodes_of_others";
  [field: string]: unknown;
};

export type Decision = { actions: Action[]; findings: Finding[] };

/** Drains by this name are ours: no operator's drain is ended, and no node that an operator drains is removed. */
export const DRAINED_BY = "autoscaler";
