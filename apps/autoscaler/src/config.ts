import { GroupName } from "@fairlead/protocol";
import {
  type ClusterConfig,
  clusterConfig,
  clusterSettings,
  type Environment,
  parseSettings,
  type ReadFile,
  SettingsError,
  setting,
} from "@fairlead/server-process";
import * as z from "zod";
import type { ScaleRules } from "./decide/observation.ts";
import { DriverSettings } from "./drivers/create-driver.ts";

const FEWEST = 2;
const MOST = 10_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A node beats after so much of the longest time that it may take. */
const USUAL_START_SHARE = 2 / 3;

const Groups = z
  .array(
    z
      .strictObject({
        group: GroupName,
        driver: DriverSettings,
        min: z.int().min(FEWEST).max(MOST).default(FEWEST),
        max: z.int().min(FEWEST).max(MOST),
      })
      .refine(({ min, max }) => min <= max, { path: ["max"], message: "must not be below min" }),
  )
  .min(1)
  .refine((groups) => new Set(groups.map(({ group }) => group)).size === groups.length, {
    message: "must name each group once",
  });

const Settings = z.object({
  ...clusterSettings,
  FAIRLEAD_SCALE_GROUPS: z.string().meta({
    description: "a list of groups as JSON, or @ and a file's path",
    file: "@path",
    isSecret: true,
  }),
  FAIRLEAD_SCALE_API_URL: z
    .url({ protocol: /^https?$/ })
    .describe("the http:// or https:// URL of signaling"),
  FAIRLEAD_SCALE_API_KEY: setting.secret(z.string().regex(/^[\x21-\x7e]+$/), "an API key of the scope admin"),
  FAIRLEAD_SCALE_EVERY_MS: setting.numberOr(5_000, 100, MINUTE_MS),
  FAIRLEAD_SCALE_START_MS: setting.numberOr(3 * MINUTE_MS, 1_000, DAY_MS),
  FAIRLEAD_SCALE_SETTLE_MS: setting.numberOr(10 * MINUTE_MS, 0, DAY_MS),
  FAIRLEAD_SCALE_BELOW_MS: setting.numberOr(5 * MINUTE_MS, 0, DAY_MS),
  FAIRLEAD_SCALE_DRAIN_MS: setting.numberOr(5 * MINUTE_MS, 1_000, DAY_MS),
  FAIRLEAD_HTTP_PORT: setting.optionalNumber(1, 65_535),
  FAIRLEAD_HTTP_HOST: z.string().min(1).default("127.0.0.1").describe("an address of this machine"),
});

export type GroupConfig = z.output<typeof Groups>[number];

export type Config = ClusterConfig & {
  groups: GroupConfig[];
  api: { url: string; apiKey: string };
  /** Of each group, besides its own fewest and most. */
  rules: Omit<ScaleRules, "min" | "max">;
  /** What the registry judges groups by for this process. */
  policy: {
    /** A group has fewer nodes only after it would have done with a node less for so long, ms. */
    belowForMs: number;
    /** Rooms that come meanwhile must find room without the node that is asked for, ms. */
    nodeStartMs: number;
  };
  everyMs: number;
  /** Where `/livez` and `/readyz` are answered; null: nowhere. */
  http: { host: string; port: number } | null;
  /** For the processes that a local driver starts. */
  env: Environment;
};

/**
 * @param readFile For values that name files.
 * @throws {SettingsError} Names the variables, what was given and what is accepted.
 */
export async function readConfig(env: Environment, readFile?: ReadFile): Promise<Config> {
  const settings = await parseSettings(Settings, env, readFile);
  const { FAIRLEAD_HTTP_HOST: host, FAIRLEAD_HTTP_PORT: port } = settings;
  return {
    ...clusterConfig(settings),
    groups: groupsOf(settings.FAIRLEAD_SCALE_GROUPS),
    api: { url: settings.FAIRLEAD_SCALE_API_URL, apiKey: settings.FAIRLEAD_SCALE_API_KEY },
    rules: {
      startMs: settings.FAIRLEAD_SCALE_START_MS,
      settleMs: settings.FAIRLEAD_SCALE_SETTLE_MS,
      drainMs: settings.FAIRLEAD_SCALE_DRAIN_MS,
    },
    policy: {
      belowForMs: settings.FAIRLEAD_SCALE_BELOW_MS,
      nodeStartMs: Math.round(settings.FAIRLEAD_SCALE_START_MS * USUAL_START_SHARE),
    },
    everyMs: settings.FAIRLEAD_SCALE_EVERY_MS,
    http: port === undefined ? null : { host, port },
    env,
  };
}

/** Says where it is wrong, and shows nothing that was given: drivers' settings have secrets. */
function groupsOf(text: string): GroupConfig[] {
  const result = Groups.safeParse(jsonOf(text));
  if (result.success) return result.data;
  throw new SettingsError(
    result.error.issues.map(({ path, message }) => `FAIRLEAD_SCALE_GROUPS ${path.join(".")}: ${message}`),
  );
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SettingsError(["FAIRLEAD_SCALE_GROUPS: is no JSON"]);
  }
}
