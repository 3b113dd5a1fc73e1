import type { PlacementPolicy } from "../placement/placement-policy.ts";
import type { ScriptName } from "./lua/compose.ts";

/** What the scripts need of a Redis, whichever way it is reached. Anything may reject; nothing queues for a Redis that is away. */
export type ScriptPort = {
  /**
   * Runs a script, in one round trip unless Redis has not seen it yet.
   * @returns Strings, or lists of such.
   */
  run(name: ScriptName, args: readonly string[]): Promise<unknown>;
  /** @returns What Redis's own clock says, ms since 1970. */
  time(): Promise<number>;
  ping(): Promise<void>;
  close(): Promise<void>;
};

/** What both adapters take besides the way to their Redis. */
export type ScriptRegistryOptions = {
  /** All keys begin with it, in braces, so that a cluster keeps them in one slot. Default `fairlead`. */
  prefix?: string;
  /** For all calls but heartbeats, ms. Default 250. */
  timeoutMs?: number;
  /** Default 1000. */
  heartbeatTimeoutMs?: number;
  /** The same for all that share a prefix. */
  policy?: Partial<PlacementPolicy>;
  /** Registry time, ms since 1970. Default: Redis's own clock, asked every 10 s. */
  now?: () => number;
  random?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
  /** Hears why the registry is unreachable: of the first call that fails, until one succeeds again. */
  onError?: (error: unknown) => void;
};
