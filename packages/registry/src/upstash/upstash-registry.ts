import { Redis } from "@upstash/redis/cloudflare";
import type { Registry } from "../registry.ts";
import type { ScriptRegistryOptions } from "../scripts/script-port.ts";
import { ScriptRegistry } from "../scripts/script-registry.ts";
import { scriptTexts } from "../scripts/script-texts.ts";
import { ServerClock } from "../scripts/server-clock.ts";
import { UpstashPort } from "./upstash-port.ts";

export type UpstashRegistryOptions = ScriptRegistryOptions & {
  /** The REST API, e.g. `https://eu1-fine-owl-1.upstash.io`. */
  url: string;
  token: string;
};

const LONGEST_MS = 1_000;

/** The registry in an Upstash Redis, over REST. Works in any runtime that has `fetch`, and keeps no connection. */
export function createUpstashRegistry(options: UpstashRegistryOptions): Registry {
  const { url, token, prefix = "fairlead", policy, now } = options;
  const abortAfterMs = Math.max(options.timeoutMs ?? 0, options.heartbeatTimeoutMs ?? LONGEST_MS);
  const redis = new Redis({
    url,
    token,
    enableTelemetry: false,
    automaticDeserialization: false,
    enableAutoPipelining: false,
    // The caller retries, because it knows how much time is left. (`false` would still try twice.)
    retry: { retries: 0 },
    // Scripts run on the primary and read their own writes there.
    readYourWrites: false,
    // Fetch limits the body of a `keepalive` request to 64 KiB.
    keepAlive: false,
    signal: () => AbortSignal.timeout(abortAfterMs),
  });
  const port = new UpstashPort(redis, `{${prefix}}:`, scriptTexts(policy));
  const clock = new ServerClock(() => port.time());
  const registry = new ScriptRegistry(port, { ...options, now: now ?? (() => clock.now()) });
  void registry.checkServer();
  return registry;
}
