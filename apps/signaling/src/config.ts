import { GroupName } from "@fairlead/protocol";
import {
  type ClusterConfig,
  clusterConfig,
  clusterSettings,
  type Environment,
  parseSettings,
  type ReadFile,
  setting,
  type TicketConfig,
  ticketConfig,
  ticketSettings,
} from "@fairlead/server-process/settings";
import type { ApiKey, Placing } from "@fairlead/signaling";
import type { KeySet } from "@fairlead/tickets";
import * as z from "zod";
import { type AbuseConfig, abuseConfig, abuseSettings } from "./abuse-settings.ts";
import { API_KEYS_FORM, ApiKeys } from "./api-keys.ts";

const Settings = z.object({
  ...clusterSettings,
  ...ticketSettings,
  ...abuseSettings,
  FAIRLEAD_SESSION_KEYS: setting.keySet(true),
  FAIRLEAD_API_KEYS: setting.secret(ApiKeys.default([]), API_KEYS_FORM),
  FAIRLEAD_HOST: z.string().default("0.0.0.0").describe("an address of this machine"),
  FAIRLEAD_PORT: setting.numberOr(3_000, 0, 65_535),
  FAIRLEAD_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("the http:// or https:// URL that clients reach signaling at"),
  FAIRLEAD_METRICS_PORT: setting.optionalNumber(1, 65_535),
  FAIRLEAD_METRICS_HOST: z.string().min(1).default("127.0.0.1").describe("an address of this machine"),
  FAIRLEAD_RTMP_URL: setting.rtmpUrl,
  FAIRLEAD_SHUTDOWN_DELAY_MS: setting.numberOr(0, 0, 600_000),
  FAIRLEAD_PLACEMENT: z.enum(["spread", "fill"]).default("spread"),
  FAIRLEAD_GROUPS: setting
    .listOf(GroupName, "")
    .default([])
    .describe("names of groups of nodes, commas between"),
  FAIRLEAD_REGION: z.string().max(64).optional().describe("at most 64 characters"),
});

export type Config = ClusterConfig &
  TicketConfig &
  AbuseConfig & {
    sessionKeys: KeySet;
    apiKeys: ApiKey[];
    host: string;
    /** 0: any free one. */
    port: number;
    /** Where Prometheus is answered, apart from clients: on runtimes with servers of their own. null: nowhere. */
    metricsAt: { host: string; port: number } | null;
    /** The `url` in the API's answers with tickets; undefined: the origin of each request. */
    publicUrl: string | undefined;
    /** Where broadcasts are sent to by RTMP, as the API tells it; undefined: nowhere. */
    rtmpUrl: string | undefined;
    /** Where rooms are placed preferably, unless their options say otherwise. */
    region: string | undefined;
    placing: Placing;
    /** How long `/readyz` says `shutting_down` after SIGTERM before anything closes. */
    shutdownDelayMs: number;
  };

/**
 * The settings have the same names on every runtime, which gives its environment.
 * @param readFile For values that name files, where there are any.
 * @throws {SettingsError} Names the variables, what was given and what is accepted.
 */
export async function readConfig(env: Environment, readFile?: ReadFile): Promise<Config> {
  const settings = await parseSettings(Settings, env, readFile);
  const { FAIRLEAD_METRICS_HOST: metricsHost, FAIRLEAD_METRICS_PORT: metricsPort } = settings;
  return {
    ...clusterConfig(settings),
    ...ticketConfig(settings),
    ...abuseConfig(settings),
    sessionKeys: settings.FAIRLEAD_SESSION_KEYS,
    apiKeys: settings.FAIRLEAD_API_KEYS,
    host: settings.FAIRLEAD_HOST,
    port: settings.FAIRLEAD_PORT,
    metricsAt: metricsPort === undefined ? null : { host: metricsHost, port: metricsPort },
    publicUrl: settings.FAIRLEAD_PUBLIC_URL,
    rtmpUrl: settings.FAIRLEAD_RTMP_URL,
    region: settings.FAIRLEAD_REGION,
    placing: {
      ...(settings.FAIRLEAD_PLACEMENT === "fill" ? { fills: true } : {}),
      ...(settings.FAIRLEAD_GROUPS.length > 0 ? { groups: settings.FAIRLEAD_GROUPS } : {}),
    },
    shutdownDelayMs: settings.FAIRLEAD_SHUTDOWN_DELAY_MS,
  };
}
