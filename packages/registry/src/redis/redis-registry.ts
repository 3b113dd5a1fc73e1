import type { Registry } from "../registry.ts";
import type { ScriptRegistryOptions } from "../scripts/script-port.ts";
import { ScriptRegistry } from "../scripts/script-registry.ts";
import { scriptTexts } from "../scripts/script-texts.ts";
import { ServerClock } from "../scripts/server-clock.ts";
import { RedisPort } from "./redis-port.ts";

export type RedisRegistryOptions = ScriptRegistryOptions & {
  /** `redis[s]://[user[:password]@]host[:port][/db]`; of a cluster, any of its nodes, or several separated by commas. */
  url: string;
  isCluster?: boolean;
};

/** For how long a start waits for a Redis that neither answers nor refuses. */
const START_MS = 5_000;

/**
 * The registry in a Redis or Valkey 7 or newer, or in one slot of a cluster of them. Resolves when it is connected or knows that
 * it can't be for now: a start does not fail because Redis is away. While it is, every call is refused at once or within its
 * time-out, and the connection comes back by itself.
 */
export async function connectRedisRegistry(options: RedisRegistryOptions): Promise<Registry> {
  const { url, isCluster = false, prefix = "fairlead", policy, now } = options;
  const connected = Promise.withResolvers<unknown>();
  const clock = new ServerClock(() => port.time());
  const port = new RedisPort({
    ...{ url, isCluster, keyPrefix: `{${prefix}}:`, textOf: scriptTexts(policy) },
    onReady: () => {
      clock.forget();
      connected.resolve(null);
    },
    onError: connected.resolve,
  });
  const timer = setTimeout(connected.resolve, START_MS, null);
  await connected.promise;
  clearTimeout(timer);
  return new ScriptRegistry(port, { ...options, now: now ?? (() => clock.now()) });
}
