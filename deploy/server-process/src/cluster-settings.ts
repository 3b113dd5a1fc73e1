import type { NatsBusOptions } from "@fairlead/bus/nats-websocket";
import type { CodecPolicy } from "@fairlead/protocol";
import * as z from "zod";
import { SettingsError } from "./parse-settings.ts";
import * as setting from "./setting.ts";

/** Characters that end a URL's password, or mean something else in it or in a list. */
const ENCODED =
  "in a user name or password % / ? # @ : , and spaces are written as %25 %2F %3F %23 %40 %3A %2C %20";

const NATS_URL = z.string().regex(/^(nats|tls|wss?):\/\/[^/]/);

const REDIS_URL = z.url({ protocol: /^rediss?$/, abort: true }).refine((text) => {
  const { username, password } = new URL(text);
  return [username, password].every(isDecodable);
});

/** The settings that all processes of a cluster share. */
export const clusterSettings = {
  FAIRLEAD_NATS_SERVERS: setting.secret(
    setting.listOf(NATS_URL, "").refine((urls) => new Set(urls.map(isWebSocket)).size === 1),
    `URLs with commas between, either all nats:// or tls://, or all ws:// or wss://; ${ENCODED}`,
  ),
  FAIRLEAD_NATS_USER: setting.optionalText(),
  FAIRLEAD_NATS_PASSWORD: setting.secret(z.string().optional(), "text"),
  FAIRLEAD_NATS_TOKEN: setting.secret(z.string().optional(), "text"),
  FAIRLEAD_NATS_CREDS: setting.secretPem("what NATS calls credentials"),
  FAIRLEAD_NATS_CA: setting.optionalPem("certificates of authorities in PEM"),
  FAIRLEAD_NATS_CERT: setting.secretPem("this process's certificate in PEM"),
  FAIRLEAD_NATS_KEY: setting.secretPem("the certificate's key in PEM"),
  FAIRLEAD_REDIS_URL: setting.secret(
    z
      .string()
      .refine((text) => text.split(",").every((url) => REDIS_URL.safeParse(url.trim()).success))
      .optional(),
    `a redis:// or rediss:// URL, of a Redis Cluster several with commas between; ${ENCODED}`,
  ),
  FAIRLEAD_REDIS_CLUSTER: z
    .enum(["true", "false"])
    .default("false")
    .describe("true (the URL names a node of a Redis Cluster) or false"),
  FAIRLEAD_REDIS_PREFIX: z
    .string()
    .regex(/^[^{}\s]{1,64}$/)
    .optional()
    .describe("1 to 64 characters, no braces"),
  UPSTASH_REDIS_REST_URL: setting.secret(z.url({ protocol: /^https?$/ }).optional(), "an https:// URL"),
  UPSTASH_REDIS_REST_TOKEN: setting.secret(z.string().optional(), "text"),
  FAIRLEAD_CODECS: setting.codecs,
  FAIRLEAD_LOG_LEVEL: setting.logLevel,
};

type Given = z.output<z.ZodObject<typeof clusterSettings>>;

export type RedisConfig =
  | { kind: "redis"; url: string; isCluster: boolean; prefix: string | undefined }
  | { kind: "upstash"; url: string; token: string; prefix: string | undefined };

export type ClusterConfig = {
  nats: NatsBusOptions & { isWebSocket: boolean };
  redis: RedisConfig;
  codecPolicy: CodecPolicy;
  logLevel: Given["FAIRLEAD_LOG_LEVEL"];
};

/** @throws {SettingsError} Redis is named neither by URL nor by REST, or by both. */
export function clusterConfig(given: Given): ClusterConfig {
  return {
    nats: natsOf(given),
    redis: redisOf(given),
    codecPolicy: given.FAIRLEAD_CODECS,
    logLevel: given.FAIRLEAD_LOG_LEVEL,
  };
}

function natsOf(given: Given): ClusterConfig["nats"] {
  const tls = {
    ca: given.FAIRLEAD_NATS_CA,
    cert: given.FAIRLEAD_NATS_CERT,
    key: given.FAIRLEAD_NATS_KEY,
  };
  const servers = given.FAIRLEAD_NATS_SERVERS;
  return {
    servers,
    isWebSocket: servers.every(isWebSocket),
    user: given.FAIRLEAD_NATS_USER,
    password: given.FAIRLEAD_NATS_PASSWORD,
    token: given.FAIRLEAD_NATS_TOKEN,
    creds: given.FAIRLEAD_NATS_CREDS,
    ...(Object.values(tls).some((pem) => pem !== undefined) ? { tls } : {}),
  };
}

function redisOf(given: Given): RedisConfig {
  const { FAIRLEAD_REDIS_URL: url, FAIRLEAD_REDIS_PREFIX: prefix } = given;
  const { UPSTASH_REDIS_REST_URL: restUrl, UPSTASH_REDIS_REST_TOKEN: token } = given;
  if (url !== undefined && restUrl === undefined)
    return { kind: "redis", url, isCluster: given.FAIRLEAD_REDIS_CLUSTER === "true", prefix };
  if (url === undefined && restUrl !== undefined && token !== undefined)
    return { kind: "upstash", url: restUrl, token, prefix };
  throw new SettingsError([
    "Redis is named twice, not at all or in part: must be either FAIRLEAD_REDIS_URL, or UPSTASH_REDIS_REST_URL with " +
      "UPSTASH_REDIS_REST_TOKEN",
  ]);
}

/** The form that clients of Redis use. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function isWebSocket(url: string): boolean {
  return url.startsWith("ws");
}
