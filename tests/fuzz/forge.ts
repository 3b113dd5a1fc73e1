import { createHmac } from "node:crypto";
import type { KeySet } from "@fairlead/tickets";

export type Header = Record<string, unknown>;

/** A JWS in compact form (RFC 7515), made by hand so that every part of it may be wrong. */
export async function forge(
  header: Header,
  payload: string,
  sign: (data: Uint8Array<ArrayBuffer>) => Promise<Uint8Array> | Uint8Array,
): Promise<string> {
  const signed = `${encode(JSON.stringify(header))}.${encode(payload)}`;
  const signature = await sign(new TextEncoder().encode(signed));
  return `${signed}.${Buffer.from(signature).toString("base64url")}`;
}

/** With the set's own key, which is one of Ed25519. */
export function signer({ signer: key }: KeySet) {
  if (!key) throw new Error("the set only verifies");
  return async (data: Uint8Array<ArrayBuffer>) =>
    new Uint8Array(await crypto.subtle.sign("Ed25519", key.signingKey, data));
}

/** With a public key's bytes as an HMAC's secret: what confuses a verifier that believes the header. */
export function confusedSigner({ signer: key }: KeySet) {
  const secret = Buffer.from(key?.publicJwk?.x ?? "", "base64url");
  return (data: Uint8Array<ArrayBuffer>) => createHmac("sha256", secret).update(data).digest();
}

export function kidOf({ signer: key }: KeySet): string {
  return key?.kid ?? "";
}

function encode(text: string): string {
  return Buffer.from(text).toString("base64url");
}
