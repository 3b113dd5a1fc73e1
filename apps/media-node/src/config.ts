import { GroupName, NodeId } from "@fairlead/protocol";
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
} from "@fairlead/server-process";
import type { KeySet } from "@fairlead/tickets";
import * as z from "zod";
import { type HookConfig, hookConfig, hookSettings } from "./hooks/hook-settings.ts";
import { type RtpConfig, rtpConfig, rtpSettings } from "./plain/rtp-settings.ts";
import { type BudgetConfig, budgetConfig, budgetSettings } from "./room/budget-settings.ts";
import { type SpanConfig, spanConfig, spanSettings } from "./rooms/span-settings.ts";
import { type ReachConfig, reachConfig, reachSettings } from "./turn/reach-settings.ts";
import { type NetworkConfig, networkConfig, networkSettings } from "./worker/network-settings.ts";

const LABEL = z.string().regex(/^[A-Za-z0-9._-]{1,64}$/);

const Settings = z.object({
  ...clusterSettings,
  ...ticketSettings,
  FAIRLEAD_SESSION_KEYS: setting.keySet(false),
  FAIRLEAD_NODE_ID: NodeId.optional().describe("1 to 64 of A-Z a-z 0-9 _ -"),
  FAIRLEAD_REGION: z.string().max(64).default("default").describe("at most 64 characters"),
  FAIRLEAD_LABELS: setting
    .listOf(LABEL, "")
    .default([])
    .describe("labels of letters, digits and . _ -, commas between"),
  FAIRLEAD_GROUP: GroupName.optional().describe("1 to 128 letters, digits and . _ + -"),
  FAIRLEAD_CORES: setting.optionalNumber(1, 1_024),
  FAIRLEAD_MAX_PEERS: setting.optionalNumber(1, 1_000_000),
  ...networkSettings,
  ...budgetSettings,
  ...spanSettings,
  ...hookSettings,
  ...rtpSettings,
  FAIRLEAD_HTTP_PORT: setting.optionalNumber(1, 65_535),
  FAIRLEAD_HTTP_HOST: z.string().min(1).default("127.0.0.1").describe("an address of this machine"),
  FAIRLEAD_RTC_PORT: setting.numberOr(0, 0, 65_535),
  ...reachSettings,
  FAIRLEAD_GRACE_MS: setting.numberOr(15_000, 1_000, 600_000),
  FAIRLEAD_DRAIN_MS: setting.numberOr(60_000, 0, 3_600_000),
});

export type Config = ClusterConfig &
  TicketConfig &
  ReachConfig &
  NetworkConfig &
  BudgetConfig &
  SpanConfig &
  HookConfig &
  RtpConfig & {
    sessionKeys: KeySet;
    /** Undefined: the host's name. */
    nodeId: string | undefined;
    region: string;
    labels: string[];
    /** The nodes that it is scaled with; undefined: those of its region and labels. */
    group: string | undefined;
    /** Undefined: one per CPU core. */
    cores: number | undefined;
    /** Undefined: as many as the cores carry. */
    maxPeers: number | undefined;
    /** null: free ones. */
    rtcBasePort: number | null;
    /** Where `/livez`, `/readyz` and `/metrics` are answered; null: nowhere. */
    http: { host: string; port: number } | null;
    graceMs: number;
    /** How long rooms have to move away after SIGTERM. */
    drainMs: number;
  };

/**
 * @param readFile For values that name files.
 * @throws {SettingsError} Names the variables, what was given and what is accepted.
 */
export async function readConfig(env: Environment, readFile?: ReadFile): Promise<Config> {
  const settings = await parseSettings(Settings, env, readFile);
  const { FAIRLEAD_HTTP_HOST: host, FAIRLEAD_HTTP_PORT: httpPort } = settings;
  return {
    ...clusterConfig(settings),
    ...ticketConfig(settings),
    sessionKeys: settings.FAIRLEAD_SESSION_KEYS,
    nodeId: settings.FAIRLEAD_NODE_ID,
    region: settings.FAIRLEAD_REGION,
    labels: settings.FAIRLEAD_LABELS,
    group: settings.FAIRLEAD_GROUP,
    cores: settings.FAIRLEAD_CORES,
    maxPeers: settings.FAIRLEAD_MAX_PEERS,
    ...networkConfig(settings),
    ...budgetConfig(settings),
    ...spanConfig(settings),
    ...hookConfig(settings),
    ...rtpConfig(settings),
    rtcBasePort: settings.FAIRLEAD_RTC_PORT === 0 ? null : settings.FAIRLEAD_RTC_PORT,
    ...reachConfig(settings),
    http: httpPort === undefined ? null : { host, port: httpPort },
    graceMs: settings.FAIRLEAD_GRACE_MS,
    drainMs: settings.FAIRLEAD_DRAIN_MS,
  };
}
