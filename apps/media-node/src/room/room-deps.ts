import type { Bus } from "@fairlead/bus";
import type { IceServer, Lease, Mute, RoomOptions } from "@fairlead/protocol";
import type { RoomPatch } from "@fairlead/registry";
import type { Logger, Metrics } from "@fairlead/telemetry";
import type { MoveCause } from "../lease/tell-moved.ts";
import type { Bans } from "./bans.ts";
import type { Budget } from "./budget.ts";
import type { KeptBudgetName } from "./peer-budgets.ts";
import type { PipeReach } from "./pipe-end.ts";
import type { Seat } from "./seat.ts";

/** What a room needs of its node. */
export type RoomDeps = {
  bus: Bus;
  log: Logger;
  metrics: Metrics;
  now: () => number;
  /** Writes a moderation act into the room record, which outlives this node; later, if the registry is away. */
  record: (patch: RoomPatch) => Promise<void>;
  /** With credentials that are made at each call. */
  iceServersFor: (identity: string) => IceServer[];
  budgetOf: (identity: string, name: KeptBudgetName) => Budget;
  /** Its budgets are whole again. */
  forgetSpent: (identity: string) => void;
  /** Opens a router for the room on a core. @throws {FairleadError} `lease_lost` when its worker is away. */
  openSeat: (core: number) => Promise<Seat>;
  pipeReach: PipeReach;
};

export type RoomSettings = {
  lease: Lease;
  options: RoomOptions;
  mutes: readonly Mute[];
  /** Claimed by this node, because the registry was away. */
  isLocal?: boolean;
  /** Known from the room's last life here. */
  bans?: Bans;
  /** Of its move here. */
  cause?: MoveCause;
  /** So long the place before goes on with its media, of which the room's peers are told. */
  overlapMs?: number | undefined;
  /** It was served elsewhere before. Default: if there is a cause. */
  isMoved?: boolean;
};
