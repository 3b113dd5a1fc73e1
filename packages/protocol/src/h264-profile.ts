/**
 * Profiles of H.264 (RFC 6184 § 8.1) as broadcasts carry them: by Constrained Baseline, which is the one that every browser takes. Encoders
 * call what they send Baseline, Main or High. Decoders go by the stream, and not by its name: OBS names Constrained Baseline whatever it sends.
 */
const CARRIED: Record<string, string> = { "42": "42e0", "4d": "42e0", "64": "42e0" };

/** The level-asymmetry rules of RFC 6184: without a level, this one. */
const DEFAULT_PROFILE_LEVEL_ID = "42e01f";

/** @returns The profile that routers carry it by, with its own level; itself where they have none. */
export function carriedProfile(profileLevelId: unknown): string {
  const given = String(profileLevelId ?? DEFAULT_PROFILE_LEVEL_ID).toLowerCase();
  const carried = /^[0-9a-f]{6}$/.test(given) ? CARRIED[given.slice(0, 2)] : undefined;
  return carried ? carried + given.slice(4) : given;
}
