import { type Environment, parseSettings, type ReadFile, setting } from "@fairlead/server-process";
import * as z from "zod";

const Settings = z.object({
  FAIRLEAD_REDIS_URL: setting.secret(z.url({ protocol: /^rediss?$/ }), "a redis:// or rediss:// URL"),
  FAIRLEAD_REST_TOKEN: setting.secret(z.string().min(16), "at least 16 characters"),
  FAIRLEAD_HOST: z.string().default("0.0.0.0").describe("an address of this machine"),
  FAIRLEAD_PORT: setting.numberOr(8_079, 0, 65_535),
  FAIRLEAD_LOG_LEVEL: setting.logLevel,
});

export type Config = {
  redisUrl: string;
  token: string;
  host: string;
  port: number;
  logLevel: z.output<typeof setting.logLevel>;
};

/** @throws {SettingsError} Names the variables, what was given and what is accepted. */
export async function readConfig(env: Environment, readFile?: ReadFile): Promise<Config> {
  const settings = await parseSettings(Settings, env, readFile);
  return {
    redisUrl: settings.FAIRLEAD_REDIS_URL,
    token: settings.FAIRLEAD_REST_TOKEN,
    host: settings.FAIRLEAD_HOST,
    port: settings.FAIRLEAD_PORT,
    logLevel: settings.FAIRLEAD_LOG_LEVEL,
  };
}
