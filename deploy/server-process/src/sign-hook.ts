import { createHmac } from "node:crypto";

/** `t`: seconds since 1970 when the request was signed; `v1`: HMAC-SHA256 of `{t}.{body}` in hex. */
const SIGNATURE_HEADER = "Fairlead-Signature";

/**
 * The headers of a signed POST to the operator's own server.
 * @param body JSON.
 * @param nowMs Milliseconds since 1970.
 */
export function signedHeaders(secret: string, body: string, nowMs: number): Record<string, string> {
  const seconds = Math.floor(nowMs / 1_000);
  const signature = createHmac("sha256", secret).update(`${seconds}.${body}`).digest("hex");
  return { "Content-Type": "application/json", [SIGNATURE_HEADER]: `t=${seconds},v1=${signature}` };
}
