const ENDPOINT = /^\/v1\/(?:whip|broadcasts\/[^/]+\/(?:whip|whep))$/;
const SESSION = /^\/v1\/broadcasts\/[^/]+\/(?:whip|whep)\/[^/]+\/[^/]+$/;
/** Slashes however they are written; encoded several times too. */
const SLASHES = /((?:[/\\]|%(?:25)*(?:2f|5c))+)/i;

/** Media types of WHIP and WHEP (RFC 9725 §§ 4.2, 4.3.1). */
export const SDP = "application/sdp";
export const SDP_FRAGMENT = "application/trickle-ice-sdpfrag";

/** @returns The header that says what a WHIP or WHEP resource takes; null for any other path. */
export function acceptHeaderOf(path: string): { name: "Accept-Post" | "Accept-Patch"; value: string } | null {
  if (ENDPOINT.test(path)) return { name: "Accept-Post", value: SDP };
  return SESSION.test(path) ? { name: "Accept-Patch", value: SDP_FRAGMENT } : null;
}

/**
 * @returns The path as logs may have it: the last part of a session's URL is the right to end that session. Whatever follows the
 * incarnation is left out, as also a path that is slightly wrong has that part in it. So is all that follows `/t/` outside the API, where HLS has
 * its viewers' tokens.
 */
export function loggedPath(path: string): string {
  // Every second one is what stands between two parts.
  const parts = path.split(SLASHES);
  const isApi = parts.some((part) => /^v1$/i.test(part));
  const token = isApi ? -1 : parts.findIndex((part) => /^t$/i.test(part));
  if (token !== -1) return `${parts.slice(0, token + 2).join("")}…`;
  const kind = parts.findIndex(
    (part, at) => /^wh[ie]p$/i.test(part) && /^broadcasts$/i.test(parts[at - 4] ?? ""),
  );
  const session = kind + 4;
  return kind === -1 || parts.length <= session ? path : `${parts.slice(0, session).join("")}…`;
}
