import { setting } from "@fairlead/server-process/settings";
import type { SignalingDependencies, SignalingLimits } from "@fairlead/signaling";
import * as z from "zod";

const LIMIT_MAX = 1_000_000;
const WINDOW_MAX_S = 86_400;

/** `N/S`: N at once, and N in S seconds in the long run. */
const Limit = z
  .string()
  .regex(/^\d+\/\d+$/)
  .transform((text) => text.split("/").map(Number))
  .pipe(z.tuple([z.int().min(1).max(LIMIT_MAX), z.int().min(1).max(WINDOW_MAX_S)]))
  .transform(([limit, windowS]) => ({ limit, windowMs: windowS * 1_000 }));

/** As RFC 6454 § 6.2 writes it, of schemes that `URL` knows no origins of: `capacitor://localhost`. */
const APP_ORIGIN = /^[a-z][a-z\d+.-]*:\/\/(?:[a-z\d._-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/;

const Origin = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const { origin } = new URL(text);
  return origin === text || (origin === "null" && APP_ORIGIN.test(text));
});
const ORIGINS = "* or origins like https://meet.example.org or capacitor://localhost with commas between";
const Origins = setting.listOf(Origin, ORIGINS);

function limit(fallback: string) {
  const off = z.literal("off").transform(() => undefined);
  return z
    .union([off, Limit])
    .prefault(fallback)
    .describe(`N/S, N up to ${LIMIT_MAX} in S up to ${WINDOW_MAX_S} seconds, or off`);
}

/**
 * An address: a meeting of a thousand behind it may come back twice within a minute. A room: ten addresses' worth, or anybody with a
 * ticket who joins in a loop would keep the others out; what is left for it to hold off is a flood from many. A key: a back end that
 * issues a hundred tickets a second.
 */
export const abuseSettings = {
  FAIRLEAD_LIMIT_ADDRESS: limit("3000/60"),
  FAIRLEAD_LIMIT_ROOM: limit("30000/60"),
  FAIRLEAD_LIMIT_KEY: limit("6000/60"),
  /** A crowd behind one address opens its sockets at once: a class, a conference, an office after a power cut. */
  FAIRLEAD_LIMIT_UNJOINED: setting.numberOr(100, 1, 100_000),
  FAIRLEAD_ORIGINS: z
    .union([z.literal("*"), Origins])
    .default("*")
    .describe(ORIGINS),
  FAIRLEAD_TRUSTED_PROXIES: setting.numberOr(0, 0, 10),
};

export type AbuseConfig = Required<
  Pick<SignalingDependencies, "origins" | "rateLimits" | "trustedProxies">
> & {
  limits: Pick<SignalingLimits, "unjoinedPerAddress">;
};

export function abuseConfig(settings: z.infer<z.ZodObject<typeof abuseSettings>>): AbuseConfig {
  const {
    FAIRLEAD_LIMIT_ADDRESS: address,
    FAIRLEAD_LIMIT_KEY: key,
    FAIRLEAD_LIMIT_ROOM: room,
    FAIRLEAD_ORIGINS: origins,
    FAIRLEAD_TRUSTED_PROXIES: trustedProxies,
  } = settings;
  return {
    origins,
    trustedProxies,
    limits: { unjoinedPerAddress: settings.FAIRLEAD_LIMIT_UNJOINED },
    rateLimits: { ...(address ? { address } : {}), ...(key ? { key } : {}), ...(room ? { room } : {}) },
  };
}
