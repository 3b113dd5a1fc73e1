import type { Environment } from "./parse-settings.ts";

/**
 * Every `FAIRLEAD_…` variable of this build, of whichever process: one file of them often serves all. A test compares it with
 * the settings of the apps.
 */
export const KNOWN_VARIABLES: ReadonlySet<string> = new Set([
  "FAIRLEAD_ANNOUNCED_ADDRESS",
  "FAIRLEAD_API_KEY",
  "FAIRLEAD_API_KEYS",
  "FAIRLEAD_CACHE_DIR",
  "FAIRLEAD_CODECS",
  "FAIRLEAD_CORES",
  "FAIRLEAD_DRAIN_MS",
  "FAIRLEAD_GRACE_MS",
  "FAIRLEAD_HOST",
  "FAIRLEAD_ISSUER",
  "FAIRLEAD_LABELS",
  "FAIRLEAD_LIMIT_ADDRESS",
  "FAIRLEAD_LIMIT_KEY",
  "FAIRLEAD_LIMIT_ROOM",
  "FAIRLEAD_LIMIT_UNJOINED",
  "FAIRLEAD_LOG_LEVEL",
  "FAIRLEAD_MAX_PEERS",
  "FAIRLEAD_NATS_CA",
  "FAIRLEAD_NATS_CERT",
  "FAIRLEAD_NATS_CREDS",
  "FAIRLEAD_NATS_KEY",
  "FAIRLEAD_NATS_NODE_PASSWORD",
  "FAIRLEAD_NATS_PASSWORD",
  "FAIRLEAD_NATS_SERVERS",
  "FAIRLEAD_NATS_SIGNALING_PASSWORD",
  "FAIRLEAD_NATS_TOKEN",
  "FAIRLEAD_NATS_USER",
  "FAIRLEAD_NETWORK_BPS",
  "FAIRLEAD_NETWORK_INTERFACES",
  "FAIRLEAD_NODE_ID",
  "FAIRLEAD_ORIGINS",
  "FAIRLEAD_PORT",
  "FAIRLEAD_PUBLIC_URL",
  "FAIRLEAD_REDIS_CLUSTER",
  "FAIRLEAD_REDIS_PREFIX",
  "FAIRLEAD_REDIS_URL",
  "FAIRLEAD_REGION",
  "FAIRLEAD_REST_TOKEN",
  "FAIRLEAD_RTC_PORT",
  "FAIRLEAD_RTC_TCP_PORT",
  "FAIRLEAD_SESSION_KEYS",
  "FAIRLEAD_SHARDS",
  "FAIRLEAD_SHARD_LOCATION",
  "FAIRLEAD_SHARD_SOCKETS",
  "FAIRLEAD_SHUTDOWN_DELAY_MS",
  "FAIRLEAD_TICKET_JWKS_URLS",
  "FAIRLEAD_TICKET_KEYS",
  "FAIRLEAD_TRUSTED_PROXIES",
  "FAIRLEAD_TURN_SECRET",
  "FAIRLEAD_TURN_TTL_S",
  "FAIRLEAD_TURN_URLS",
]);

/** @returns Names that look like settings of ours and are none: mistyped, mostly, or of another build. */
export function unknownVariables(env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith("FAIRLEAD_") && !KNOWN_VARIABLES.has(name.replace(/_FILE$/, "")))
    .sort();
}
