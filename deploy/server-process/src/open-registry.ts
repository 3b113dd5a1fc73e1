import type { Registry } from "@fairlead/registry";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import { createUpstashRegistry } from "@fairlead/registry/upstash";
import { type Logger, type Metrics, noMetrics } from "@fairlead/telemetry";
import type { RedisConfig } from "./cluster-settings.ts";
import { measureRegistry } from "./measure.ts";

type RegistryPolicy = NonNullable<Parameters<typeof connectRedisRegistry>[0]["policy"]>;

/**
 * @property metrics Default: nothing is measured.
 * @property policy What differs from the cluster's: only numbers that this process alone goes by.
 */
export type OpenRegistryOptions = { metrics?: Metrics; policy?: RegistryPolicy };

/** The registry on Redis, by RESP or by REST. It may be away when the process starts, as at any other time. */
export async function openRegistry(
  redis: RedisConfig,
  log: Logger,
  { metrics = noMetrics, policy }: OpenRegistryOptions = {},
): Promise<Registry> {
  const registry = await connect(redis, log, policy);
  return metrics === noMetrics ? registry : measureRegistry(registry, metrics);
}

async function connect(redis: RedisConfig, log: Logger, policy?: RegistryPolicy): Promise<Registry> {
  const { url, prefix } = redis;
  const options = {
    ...(prefix === undefined ? {} : { prefix }),
    ...(policy ? { policy } : {}),
    onError: atMostOncePerSecond((error) => log.warn("registry.failed", { error })),
    onResumed: () => log.info("registry.resumed"),
    onEviction: (policy: string) => log.error("registry.evicts", { policy, accepted: "noeviction" }),
  };
  if (redis.kind === "upstash") return createUpstashRegistry({ url, token: redis.token, ...options });
  const { isCluster } = redis;
  return connectRedisRegistry({ url, isCluster, ...options });
}

const QUIET_MS = 1_000;

/** A Redis that answers one call and fails the next would fill the log. @param now Milliseconds, of any origin. */
export function atMostOncePerSecond(
  report: (error: unknown) => void,
  now: () => number = () => performance.now(),
): (error: unknown) => void {
  let quietUntilMs = Number.NEGATIVE_INFINITY;
  return (error) => {
    if (now() < quietUntilMs) return;
    quietUntilMs = now() + QUIET_MS;
    report(error);
  };
}
