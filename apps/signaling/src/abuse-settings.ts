import { rateSettings, ratesConfig, setting } from "@fairlead/server-process/settings";
import type { SignalingDependencies, SignalingLimits } from "@fairlead/signaling";
import * as z from "zod";

/** As RFC 6454 § 6.2 writes it, of schemes that `URL` knows no origins of: `capacitor://localhost`. */
const APP_ORIGIN = /^[a-z][a-z\d+.-]*:\/\/(?:[a-z\d._-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/;

const Origin = z.string().refine((text) => {
  if (!URL.canParse(text)) return false;
  const { origin } = new URL(text);
  return origin === text || (origin === "null" && APP_ORIGIN.test(text));
});
const ORIGINS = "* or origins like https://meet.example.org or capacitor://localhost with commas between";
const Origins = setting.listOf(Origin, ORIGINS);

export const abuseSettings = {
  ...rateSettings,
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
  const { FAIRLEAD_ORIGINS: origins, FAIRLEAD_TRUSTED_PROXIES: trustedProxies } = settings;
  return {
    origins,
    trustedProxies,
    limits: { unjoinedPerAddress: settings.FAIRLEAD_LIMIT_UNJOINED },
    rateLimits: ratesConfig(settings),
  };
}
