import type { NatsBusOptions } from "@fairlead/bus/nats-websocket";
import {
  type Environment,
  parseSettings,
  type RedisConfig,
  SettingsError,
  setting,
} from "@fairlead/server-process/settings";
import * as z from "zod";
import { type Config, readConfig } from "../config.ts";
import type { WorkerEnv } from "./workers-api.ts";

const LOCATIONS = ["wnam", "enam", "sam", "weur", "eeur", "apac", "oc", "afr", "me"] as const;

const FrontSettings = z.object({
  FAIRLEAD_SHARDS: setting.numberOr(8, 1, 1_000),
  FAIRLEAD_SHARD_LOCATION: z
    .enum(LOCATIONS)
    .optional()
    .describe(`one of Cloudflare's location hints: ${LOCATIONS.join(", ")}`),
});

/** 128 MB for the Durable Object, of which every socket takes a share, and every stream of events. */
const ShardSettings = z.object({ FAIRLEAD_SHARD_SOCKETS: setting.numberOr(1_000, 1, 2_000) });

export type FrontConfig = { shards: number; location: string | undefined };

export type ShardConfig = Omit<Config, "nats" | "redis"> & {
  nats: NatsBusOptions;
  redis: Extract<RedisConfig, { kind: "upstash" }>;
  /** How many sockets and streams of events a shard takes. */
  connections: number;
};

/** @throws {SettingsError} */
export async function readFrontConfig(env: WorkerEnv): Promise<FrontConfig> {
  const given = await parseSettings(FrontSettings, textsOf(env));
  return { shards: given.FAIRLEAD_SHARDS, location: given.FAIRLEAD_SHARD_LOCATION };
}

/** @throws {SettingsError} Also for what only other runtimes can reach. */
export async function readShardConfig(env: WorkerEnv): Promise<ShardConfig> {
  const given = await parseSettings(ShardSettings, textsOf(env));
  const { nats, redis, ...config } = await readConfig(textsOf(env));
  const { isWebSocket, ...servers } = nats;
  if (!isWebSocket)
    throw new SettingsError(["FAIRLEAD_NATS_SERVERS=(not shown): must be ws:// or wss:// URLs on Workers"]);
  if (redis.kind !== "upstash")
    throw new SettingsError([
      "FAIRLEAD_REDIS_URL=(not shown): must be UPSTASH_REDIS_REST_URL with UPSTASH_REDIS_REST_TOKEN on Workers",
    ]);
  return { ...config, nats: servers, redis, connections: given.FAIRLEAD_SHARD_SOCKETS };
}

/** Other bindings are no settings. */
export function textsOf(env: WorkerEnv): Environment {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}
