const ENDPOINT = /^\/v1\/(?:whip|broadcasts\/[^/]+\/(?:whip|whep))$/;
const SESSION = /^(\/v1\/broadcasts\/[^/]+\/(?:whip|whep)\/[^/]+\/)[^/]+$/;

/** Media types of WHIP and WHEP (RFC 9725 §§ 4.2, 4.3.1). */
export const SDP = "application/sdp";
export const SDP_FRAGMENT = "application/trickle-ice-sdpfrag";

/** @returns The header that says what a WHIP or WHEP resource takes; null for any other path. */
export function acceptHeaderOf(path: string): { name: "Accept-Post" | "Accept-Patch"; value: string } | null {
  if (ENDPOINT.test(path)) return { name: "Accept-Post", value: SDP };
  return SESSION.test(path) ? { name: "Accept-Patch", value: SDP_FRAGMENT } : null;
}

/** @returns The path as logs may have it: the last part of a session's URL is the right to end that session. */
export function loggedPath(path: string): string {
  return path.replace(SESSION, "$1…");
}
