import { randomUUID } from "node:crypto";
import type { Registry } from "@fairlead/registry";
import { connectRedisRegistry, type RedisRegistryOptions } from "@fairlead/registry/redis";
import { givenClock } from "./given-clock.ts";
import type { RegistryAdapter } from "./registry-adapter.ts";

/** Generous: what is tested is what it answers, on a machine that does other things too. */
export const PATIENT = { timeoutMs: 10_000, heartbeatTimeoutMs: 10_000 };

/**
 * A registry under test in a Redis that it shares with others, each under a prefix of its own; time is given. To be flushed is to
 * begin under another prefix: for the registry it is the same, and the others are not disturbed.
 */
export async function prefixedAdapter(
  connect: (options: { prefix: string; now: () => number }) => Promise<Registry>,
): Promise<RegistryAdapter> {
  const clock = givenClock();
  const open = () => connect({ prefix: randomUUID(), now: clock.told });
  const adapter = {
    registry: await open(),
    ...clock,
    flush: async () => {
      const former = adapter.registry;
      adapter.registry = await open();
      await former.close();
    },
    close: () => adapter.registry.close(),
  };
  return adapter;
}

export function connectRedisAdapter(
  options: Pick<RedisRegistryOptions, "url" | "isCluster" | "policy">,
): Promise<RegistryAdapter> {
  return prefixedAdapter((own) => connectRedisRegistry({ ...PATIENT, ...options, ...own }));
}
