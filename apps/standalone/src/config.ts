import { parseArgs } from "node:util";
import { hlsSettings, ladderConfig, type RtmpConfig, rtmpConfig, rtmpSettings } from "@fairlead/live";
import {
  type BudgetConfig,
  budgetConfig,
  budgetSettings,
  type HookConfig,
  hookConfig,
  hookSettings,
  type NetworkConfig,
  networkConfig,
  networkSettings,
  type ReachConfig,
  type RtpConfig,
  reachConfig,
  reachSettings,
  rtpConfig,
  rtpSettings,
  type SpanConfig,
  spanConfig,
  spanSettings,
} from "@fairlead/media-node";
import type { CodecPolicy } from "@fairlead/protocol";
import {
  type Environment,
  parseSettings,
  type ReadFile,
  readFile,
  setting,
  unknownVariables,
} from "@fairlead/server-process";
import * as z from "zod";

const PUBLIC_URL = "the http:// or https:// URL that clients reach this server at";

/** Every setting: the environment, then command-line options over it. */
const Settings = z.object({
  FAIRLEAD_HOST: z.string().min(1).default("0.0.0.0").describe("an address of this machine"),
  FAIRLEAD_PORT: setting.numberOr(3_000, 0, 65_535),
  FAIRLEAD_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe(PUBLIC_URL),
  FAIRLEAD_API_KEY: setting.secret(z.string().min(16).optional(), "at least 16 characters"),
  FAIRLEAD_CORES: setting.optionalNumber(1, 1_024),
  FAIRLEAD_RTC_PORT: setting.numberOr(0, 0, 65_535),
  FAIRLEAD_RTMP_PORT: setting.numberOr(1_935, 0, 65_535),
  FAIRLEAD_RTMP_URL: setting.rtmpUrl,
  ...rtmpSettings,
  ...hlsSettings,
  ...reachSettings,
  FAIRLEAD_CODECS: setting.codecs,
  FAIRLEAD_GRACE_MS: setting.numberOr(15_000, 1_000, 600_000),
  ...networkSettings,
  ...budgetSettings,
  ...spanSettings,
  ...hookSettings,
  ...rtpSettings,
  FAIRLEAD_LOG_LEVEL: setting.logLevel,
});

export type Config = ReachConfig &
  NetworkConfig &
  BudgetConfig &
  SpanConfig &
  HookConfig &
  RtpConfig & {
    host: string;
    /** 0: any free one. */
    port: number;
    /** RTMP. The port is another one where it is taken; 0: any free one. */
    rtmp: RtmpConfig & { port: number };
    /** Where encoders reach it; undefined: at that port of the host that clients name. */
    rtmpUrl: string | undefined;
    /** Renditions of HLS besides the source. */
    hlsLadder: ReturnType<typeof ladderConfig>;
    isHttps: boolean;
    /** The demo gives tickets to other devices too. */
    isLan: boolean;
    /** The `url` in the API's ticket answers; undefined: the origin of each request. */
    publicUrl: string | undefined;
    /** Undefined: a random one is made and printed. */
    apiKey: string | undefined;
    /** Undefined: one per CPU core. */
    cores: number | undefined;
    /** null: free ones. */
    rtcBasePort: number | null;
    codecPolicy: CodecPolicy;
    graceMs: number;
    logLevel: z.infer<typeof Settings>["FAIRLEAD_LOG_LEVEL"];
    /** Names that look like settings: mistyped, mostly. */
    unknownVariables: string[];
  };

export const USAGE = `Usage: npm start -- [options]
  --port N      HTTP port (default 3000; 0: any free one)
  --https       serve HTTPS with a certificate made for this machine: cameras of other devices need it
  --lan         let the demo page of other devices have tickets too
  --help        this text`;

/**
 * The only reader of the environment and the command line.
 *
 * @param read For values that name files.
 * @throws {SettingsError} Names the settings, what was given and what is accepted.
 */
export async function readConfig(
  args: string[] = process.argv.slice(2),
  env: Environment = process.env,
  read: ReadFile = readFile,
): Promise<Config | "help"> {
  const options = parseArgs({
    args,
    options: {
      port: { type: "string" },
      https: { type: "boolean", default: false },
      lan: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  }).values;
  if (options.help) return "help";
  const given = { ...env, ...(options.port === undefined ? {} : { FAIRLEAD_PORT: options.port }) };
  const settings = await parseSettings(Settings, given, read);
  return {
    host: settings.FAIRLEAD_HOST,
    port: settings.FAIRLEAD_PORT,
    rtmp: { ...rtmpConfig(settings), port: settings.FAIRLEAD_RTMP_PORT },
    rtmpUrl: settings.FAIRLEAD_RTMP_URL,
    hlsLadder: ladderConfig(settings),
    isHttps: options.https,
    isLan: options.lan,
    publicUrl: settings.FAIRLEAD_PUBLIC_URL,
    apiKey: settings.FAIRLEAD_API_KEY,
    cores: settings.FAIRLEAD_CORES,
    rtcBasePort: settings.FAIRLEAD_RTC_PORT === 0 ? null : settings.FAIRLEAD_RTC_PORT,
    ...reachConfig(settings),
    codecPolicy: settings.FAIRLEAD_CODECS,
    graceMs: settings.FAIRLEAD_GRACE_MS,
    ...networkConfig(settings),
    ...budgetConfig(settings),
    ...spanConfig(settings),
    ...hookConfig(settings),
    ...rtpConfig(settings),
    logLevel: settings.FAIRLEAD_LOG_LEVEL,
    unknownVariables: unknownVariables(env),
  };
}
