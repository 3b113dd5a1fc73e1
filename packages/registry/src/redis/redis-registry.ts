import type { Registry } from "../registry.ts";
import type { ScriptRegistryOptions } from "../scripts/script-port.ts";
import { ScriptRegistry } from "../scripts/script-registry.ts";
import { scriptTexts } from "../scripts/script-texts.ts";
import { ServerClock } from "../scripts/server-clock.ts";
import { RedisPort } from "./redis-port.ts";

export type RedisRegistryOptions = ScriptRegistryOptions & {
  /** `redis[s]://[user[:password]@]host[:port][/db]`; for a cluster, one or more of its nodes, separated by commas. */
  url: string;
  isCluster?: boolean;
};

/** How long a start waits for a Redis that neither answers nor refuses the connection. */
const START_MS = 5_000;

/**
 * The registry in Redis or Valkey 7 or newer, or in one slot of a cluster. Resolves when it is connected, or when the first attempt has
 * failed: a process starts even if Redis is away. Until Redis is back every call is refused, immediately or after its time-out. The
 * connection comes back by itself.
 */
export async function connectRedisRegistry(options: RedisRegistryOptions): Promise<Registry> {
  const { url, isCluster = false, prefix = "fairlead", policy, now } = options;
  const connected = Promise.withResolvers<unknown>();
  let registry: ScriptRegistry | null = null;
  const clock = new ServerClock(() => port.time());
  const port = new RedisPort({
    url,
    isCluster,
    keyPrefix: `{${prefix}}:`,
    textOf: scriptTexts(policy),
    onReady: () => {
      clock.forget();
      connected.resolve(null);
      void registry?.checkServer();
    },
    onError: connected.resolve,
    onWrongServer: (error) => registry?.handleFailure(error),
  });
  const timer = setTimeout(connected.resolve, START_MS, null);
  await connected.promise;
  clearTimeout(timer);
  registry = new ScriptRegistry(port, { ...options, now: now ?? (() => clock.now()) });
  void registry.checkServer();
  return registry;
}
