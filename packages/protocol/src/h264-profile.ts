/**
 * Profiles of H.264 (RFC 6184 § 8.1) as broadcasts carry them. Routers know two, Constrained Baseline and Constrained High. Encoders
 * call what they send Baseline, Main or High, and every browser decodes it where it takes the router's.
 */
const CARRIED: Record<string, string> = { "42": "42e0", "4d": "640c", "64": "640c" };

/** The level-asymmetry rules of RFC 6184: without a level, this one. */
const DEFAULT_PROFILE_LEVEL_ID = "42e01f";

/** @returns The profile that routers carry it by, with its own level; itself where they have none. */
export function carriedProfile(profileLevelId: unknown): string {
  const given = String(profileLevelId ?? DEFAULT_PROFILE_LEVEL_ID).toLowerCase();
  const carried = /^[0-9a-f]{6}$/.test(given) ? CARRIED[given.slice(0, 2)] : undefined;
  return carried ? carried + given.slice(4) : given;
}

/** Whether a decoder of one profile decodes the other: that of Constrained High decodes both. */
export function decodes(decoder: string, profile: string): boolean {
  return decoder.startsWith("64") && (profile.startsWith("64") || profile.startsWith("42"));
}
