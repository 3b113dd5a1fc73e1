import { SettingsError, setting } from "@fairlead/server-process";
import * as z from "zod";
import type { TurnOptions } from "./ice-servers.ts";
import { isTurn, TurnUrl } from "./turn-url.ts";

const MAX_URLS = 8;
const DAY_S = 86_400;
const URLS = `at most ${MAX_URLS} URLs, commas between: stun:HOST, turn:HOST:PORT?transport=udp, turns:HOST:PORT?transport=tcp`;
const SECRET = "16 to 256 characters, the same as static-auth-secret of coturn";
const TCP_PORT = "off or a whole number from 1 to 65535";

/** How peers whose network passes no UDP reach a node. */
export const reachSettings = {
  FAIRLEAD_RTC_TCP_PORT: z
    .union([z.literal("off"), z.coerce.number().int().min(1).max(65_535)], TCP_PORT)
    .optional()
    .describe(TCP_PORT),
  FAIRLEAD_TURN_URLS: setting
    .listOf(TurnUrl, "")
    .refine((urls) => urls.length <= MAX_URLS, URLS)
    .default([])
    .describe(URLS),
  FAIRLEAD_TURN_SECRET: setting.secret(z.string().min(16).max(256).optional(), SECRET),
  FAIRLEAD_TURN_TTL_S: setting.numberOr(DAY_S, 60, 7 * DAY_S),
};

export type ReachConfig = {
  /** null: the same port as UDP's. */
  rtcTcpBasePort: number | "off" | null;
  turn: TurnOptions;
};

/** @throws {SettingsError} There is a TURN server and no secret to share with it. */
export function reachConfig(given: z.output<z.ZodObject<typeof reachSettings>>): ReachConfig {
  const { FAIRLEAD_TURN_URLS: urls, FAIRLEAD_TURN_SECRET: secret, FAIRLEAD_TURN_TTL_S: ttlS } = given;
  if (urls.some(isTurn) && secret === undefined)
    throw new SettingsError([`FAIRLEAD_TURN_SECRET is not set: with a turn: URL it must be ${SECRET}`]);
  const rtcTcpBasePort = given.FAIRLEAD_RTC_TCP_PORT ?? null;
  return { rtcTcpBasePort, turn: { urls, ttlS, ...(secret === undefined ? {} : { secret }) } };
}
