import { parseArgs } from "node:util";
import {
  type BudgetConfig,
  budgetConfig,
  budgetSettings,
  type NetworkConfig,
  networkConfig,
  networkSettings,
  type ReachConfig,
  reachConfig,
  reachSettings,
} from "@fairlead/media-node";
import { CodecPolicy, DEFAULT_CODEC_POLICY } from "@fairlead/protocol";
import * as z from "zod";

/** Never shown. */
const SECRETS = new Set(["FAIRLEAD_API_KEY", "FAIRLEAD_TURN_SECRET"]);

const port = z.coerce.number().int().min(0).max(65_535);

/** Every setting: the environment, then command-line options over it. */
const Settings = z.object({
  FAIRLEAD_HOST: z.string().min(1).default("0.0.0.0"),
  FAIRLEAD_PORT: port.default(3_000),
  FAIRLEAD_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  FAIRLEAD_API_KEY: z.string().min(16, "at least 16 characters").optional(),
  FAIRLEAD_CORES: z.coerce.number().int().min(1).max(1_024).optional(),
  FAIRLEAD_RTC_PORT: port.default(0),
  ...reachSettings,
  FAIRLEAD_ANNOUNCED_ADDRESS: z.string().min(1).optional(),
  FAIRLEAD_CODECS: z
    .string()
    .transform((text) => text.split(",").map((name) => name.trim()))
    .pipe(CodecPolicy)
    .default(DEFAULT_CODEC_POLICY),
  FAIRLEAD_GRACE_MS: z.coerce.number().int().min(1_000).max(600_000).default(15_000),
  ...networkSettings,
  ...budgetSettings,
  FAIRLEAD_LOG_LEVEL: z.enum(["error", "warn", "info", "debug", "silent"]).default("info"),
});

export type Config = ReachConfig &
  NetworkConfig &
  BudgetConfig & {
    host: string;
    /** 0: any free one. */
    port: number;
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
    announcedAddress: string | undefined;
    codecPolicy: CodecPolicy;
    graceMs: number;
    logLevel: z.infer<typeof Settings>["FAIRLEAD_LOG_LEVEL"];
  };

export const USAGE = `Usage: npm start -- [options]
  --port N      HTTP port (default 3000; 0: any free one)
  --https       serve HTTPS with a certificate made for this machine: cameras of other devices need it
  --lan         let the demo page of other devices have tickets too
  --help        this text`;

/**
 * The only reader of the environment and the command line.
 * @throws {Error} Names the setting, what was given and what is accepted.
 */
export function readConfig(
  args: string[] = process.argv.slice(2),
  env: NodeJS.ProcessEnv = process.env,
): Config | "help" {
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
  const settings = parseSettings({
    ...withoutEmpty(env),
    ...(options.port === undefined ? {} : { FAIRLEAD_PORT: options.port }),
  });
  return {
    host: settings.FAIRLEAD_HOST,
    port: settings.FAIRLEAD_PORT,
    isHttps: options.https,
    isLan: options.lan,
    publicUrl: settings.FAIRLEAD_PUBLIC_URL,
    apiKey: settings.FAIRLEAD_API_KEY,
    cores: settings.FAIRLEAD_CORES,
    rtcBasePort: settings.FAIRLEAD_RTC_PORT === 0 ? null : settings.FAIRLEAD_RTC_PORT,
    ...reachConfig(settings),
    announcedAddress: settings.FAIRLEAD_ANNOUNCED_ADDRESS,
    codecPolicy: settings.FAIRLEAD_CODECS,
    graceMs: settings.FAIRLEAD_GRACE_MS,
    ...networkConfig(settings),
    ...budgetConfig(settings),
    logLevel: settings.FAIRLEAD_LOG_LEVEL,
  };
}

function parseSettings(values: Record<string, string | undefined>): z.infer<typeof Settings> {
  const result = Settings.safeParse(values);
  if (result.success) return result.data;
  const faults = result.error.issues.map((issue) => {
    const name = String(issue.path[0]);
    const given = SECRETS.has(name) ? "(not shown)" : JSON.stringify(values[name]);
    return `${name}=${given}: ${issue.message}`;
  });
  throw new Error(`The configuration is wrong:\n  ${faults.join("\n  ")}`);
}

/** `FAIRLEAD_X=` in a shell or a compose file means: not set. */
function withoutEmpty(env: NodeJS.ProcessEnv): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
}
