import type { PlacementPolicy } from "../rules/policy.ts";
import type { ScriptName } from "./compose.ts";

/** What the scripts need from Redis, over RESP or REST. Every method may reject. None queues requests while Redis is away. */
export type ScriptPort = {
  /**
   * Runs a script: one round trip, or two if Redis does not know the script yet.
   * @returns Strings, or lists of such.
   */
  run(name: ScriptName, args: readonly string[]): Promise<unknown>;
  /** @returns The time by Redis's own clock, ms since 1970. */
  time(): Promise<number>;
  /** Writes a key that means nothing. Only a server that takes the registry's writes answers. */
  probe(): Promise<void>;
  /** @returns Redis's `maxmemory-policy`, or null if Redis does not tell. */
  evictionPolicy(): Promise<string | null>;
  close(): Promise<void>;
};

/** The options of both adapters, besides how to reach Redis. */
export type ScriptRegistryOptions = {
  /** Every key begins with it, in braces, so that a cluster keeps all keys in one slot. Default `fairlead`. */
  prefix?: string;
  /** The time-out of every call except heartbeats, ms. Default 250. */
  timeoutMs?: number;
  /** The time-out of heartbeats, ms. Default 1000. */
  heartbeatTimeoutMs?: number;
  /** Must be the same in every process that shares the prefix. */
  policy?: Partial<PlacementPolicy>;
  /** Registry time, ms since 1970. Default: Redis's own clock, asked every 10 s. */
  now?: () => number;
  random?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
  /** Called when the registry becomes unreachable, with the first failed call's error; then not again until a call has succeeded. */
  onError?: (error: unknown) => void;
  /** Called when Redis takes writes again after `onError`. */
  onResumed?: () => void;
  /** Called at the start, and with RESP after each reconnection, if Redis may evict keys: its `maxmemory-policy` is not `noeviction`. */
  onEviction?: (policy: string) => void;
};
