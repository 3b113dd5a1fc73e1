import type { Registry } from "@fairlead/registry";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import { createUpstashRegistry } from "@fairlead/registry/upstash";
import type { Logger } from "@fairlead/telemetry";
import type { RedisConfig } from "./cluster-settings.ts";
import { patiently } from "./patiently.ts";

/**
 * The registry on Redis, by RESP or by REST.
 * @throws What the adapter failed with for half a minute.
 */
export async function openRegistry(redis: RedisConfig, log: Logger): Promise<Registry> {
  const { url, prefix } = redis;
  const options = {
    ...(prefix === undefined ? {} : { prefix }),
    onError: (error: unknown) => log.warn("registry.failed", { error }),
  };
  if (redis.kind === "upstash") return createUpstashRegistry({ url, token: redis.token, ...options });
  const { isCluster } = redis;
  return patiently("redis", log, () => connectRedisRegistry({ url, isCluster, ...options }));
}
