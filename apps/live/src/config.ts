import { availableParallelism } from "node:os";
import { NodeId } from "@fairlead/protocol";
import {
  type ClusterConfig,
  clusterConfig,
  clusterSettings,
  type Environment,
  parseSettings,
  pipeSettings,
  type RatesConfig,
  type ReadFile,
  rateSettings,
  ratesConfig,
  SettingsError,
  setting,
} from "@fairlead/server-process";
import * as z from "zod";
import type { Rung } from "./encoder/hls-plan.ts";
import type { LiveHlsOptions } from "./hls/live-hls.ts";
import type { PipeReach } from "./media/outgoing-pipe.ts";

const LADDER = ["1080p", "720p", "480p", "360p"] as const;

/** What else takes RTMP in reads them too: `npm start`. */
export const rtmpSettings = {
  FAIRLEAD_FFMPEG: z.string().min(1).default("ffmpeg").describe("a program's name or path"),
  FAIRLEAD_RTMP_PUBLISHERS: setting.numberOr(100, 1, 10_000),
  FAIRLEAD_RTMP_TRANSCODES: setting.optionalNumber(0, 1_000),
};

/** Of HLS. What else makes it reads them too. */
export const hlsSettings = {
  FAIRLEAD_HLS_LADDER: setting
    .listOf(z.enum(LADDER), "")
    .pipe(z.array(z.enum(LADDER)).max(2))
    .optional()
    .describe(`one or two of ${LADDER.join(", ")}`),
};

const Settings = z.object({
  ...clusterSettings,
  ...rateSettings,
  ...pipeSettings,
  ...rtmpSettings,
  FAIRLEAD_HOST: z.string().min(1).default("0.0.0.0").describe("an address of this machine"),
  FAIRLEAD_RTMP_PORT: setting.numberOr(1_935, 0, 65_535),
  FAIRLEAD_RTMPS_PORT: setting.optionalNumber(1, 65_535),
  FAIRLEAD_RTMPS_CERT: setting.optionalPem("the certificate of rtmps in PEM"),
  FAIRLEAD_RTMPS_KEY: setting.secretPem("the certificate's key in PEM"),
  FAIRLEAD_RTMP_PROXY: z
    .enum(["true", "false"])
    .default("false")
    .describe("true (a balancer begins each connection with the PROXY protocol) or false"),
  FAIRLEAD_HTTP_PORT: setting.optionalNumber(1, 65_535),
  FAIRLEAD_HTTP_HOST: z.string().min(1).default("127.0.0.1").describe("an address of this machine"),
  FAIRLEAD_NODE_ID: NodeId.optional().describe("1 to 64 of A-Z a-z 0-9 _ -"),
  ...hlsSettings,
  FAIRLEAD_HLS_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe("the http:// or https:// URL below which players find broadcasts"),
  FAIRLEAD_HLS_PORT: setting.numberOr(8_080, 0, 65_535),
  FAIRLEAD_HLS_HOST: z.string().min(1).default("0.0.0.0").describe("an address of this machine"),
  FAIRLEAD_TRUSTED_PROXIES: setting.numberOr(0, 0, 10),
  FAIRLEAD_SESSION_KEYS: setting.optionalPublicKeys(),
  FAIRLEAD_REGION: z.string().max(64).optional().describe("at most 64 characters"),
});

export type HlsConfig = LiveHlsOptions & { host: string; port: number };

export type RtmpConfig = {
  ffmpeg: string;
  limits: {
    publishers: number;
    /** Streams that are encoded anew at the same time. */
    transcodes: number;
  };
};

export type Config = ClusterConfig &
  RtmpConfig & {
    host: string;
    /** 0: any free one. */
    port: number;
    /** Undefined: there is no rtmps. */
    tls?: { port: number; options: { cert: string; key: string } };
    isBehindProxy: boolean;
    /** Where `/livez`, `/readyz` and `/metrics` are answered; null: nowhere. */
    http: { host: string; port: number } | null;
    /** null: no HLS is made. */
    hls: HlsConfig | null;
    reach: PipeReach;
    /** Undefined: `live-` and the host's name. */
    nodeId: string | undefined;
    /** Broadcasts that ask for no region go to nodes of this one, while they have room. */
    region: string | undefined;
    rateLimits: RatesConfig;
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
    ...rtmpConfig(settings),
    host: settings.FAIRLEAD_HOST,
    port: settings.FAIRLEAD_RTMP_PORT,
    ...tlsOf(settings),
    isBehindProxy: settings.FAIRLEAD_RTMP_PROXY === "true",
    http: httpPort === undefined ? null : { host, port: httpPort },
    hls: hlsOf(settings),
    reach: { ip: settings.FAIRLEAD_PIPE_IP, ports: settings.FAIRLEAD_PIPE_PORTS },
    nodeId: settings.FAIRLEAD_NODE_ID,
    region: settings.FAIRLEAD_REGION,
    rateLimits: ratesConfig(settings),
  };
}

export function ladderConfig(given: z.output<z.ZodObject<typeof hlsSettings>>): Rung[] {
  return (given.FAIRLEAD_HLS_LADDER ?? []).map((name) => ({ name, lines: Number.parseInt(name, 10) }));
}

function hlsOf(settings: z.output<typeof Settings>): HlsConfig | null {
  const { FAIRLEAD_HLS_URL: url, FAIRLEAD_SESSION_KEYS: sessionKeys } = settings;
  if (url === undefined) return null;
  if (sessionKeys === undefined)
    throw new SettingsError([
      `FAIRLEAD_HLS_URL="${url}": needs FAIRLEAD_SESSION_KEYS, of which public ones are enough`,
    ]);
  return {
    ...{ url: url.endsWith("/") ? url : `${url}/`, sessionKeys, ladder: ladderConfig(settings) },
    ...{ host: settings.FAIRLEAD_HLS_HOST, port: settings.FAIRLEAD_HLS_PORT },
    trustedProxies: settings.FAIRLEAD_TRUSTED_PROXIES,
  };
}

/** By default the operating system and the rest keep one core. */
export function rtmpConfig(given: z.output<z.ZodObject<typeof rtmpSettings>>): RtmpConfig {
  const transcodes = given.FAIRLEAD_RTMP_TRANSCODES ?? Math.max(1, availableParallelism() - 1);
  return {
    ffmpeg: given.FAIRLEAD_FFMPEG,
    limits: { publishers: given.FAIRLEAD_RTMP_PUBLISHERS, transcodes },
  };
}

function tlsOf({
  FAIRLEAD_RTMPS_PORT: port,
  FAIRLEAD_RTMPS_CERT: cert,
  FAIRLEAD_RTMPS_KEY: key,
}: z.output<typeof Settings>): Pick<Config, "tls"> {
  if (port === undefined) return {};
  if (cert === undefined || key === undefined)
    throw new SettingsError([
      `FAIRLEAD_RTMPS_PORT="${port}": needs FAIRLEAD_RTMPS_CERT and FAIRLEAD_RTMPS_KEY`,
    ]);
  return { tls: { port, options: { cert, key } } };
}
