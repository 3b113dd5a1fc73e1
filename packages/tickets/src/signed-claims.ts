import { type ErrorCode, FairleadError, parseJson } from "@fairlead/protocol";
import { type CompactJWSHeaderParameters, CompactSign, compactVerify } from "jose";
import type * as z from "zod";
import { KeyAlgorithm } from "./jwk.ts";
import type { KeySet } from "./key-set.ts";
import type { TicketKeys } from "./ticket-keys.ts";

/** How far the clocks of issuer and verifier may be apart, seconds. */
export const LEEWAY_S = 10;

/** RFC 7515 § 7.1, with nothing around it: decoders of base64url let whitespace, padding and the other alphabet pass. */
const COMPACT_JWS = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** One kind of JWT: its `typ` header keeps it apart from every other kind (RFC 8725 § 3.11). */
export type TokenKind<T extends z.ZodType> = {
  typ: string;
  claims: T;
  errors: { invalid: ErrorCode; unknownKey: ErrorCode };
};

/** @throws {FairleadError} `invalid_request` for a set that only verifies. */
export async function signClaims<T extends z.ZodType>(
  kind: TokenKind<T>,
  keySet: KeySet,
  claims: z.infer<T> & Record<string, unknown>,
): Promise<string> {
  const { signer } = keySet;
  if (!signer) throw new FairleadError("invalid_request", { message: "the key set has no private key" });
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ typ: kind.typ, alg: signer.alg, kid: signer.kid })
    .sign(signer.signingKey);
}

/**
 * Checks signature and shape, by a key of the set alone: what else a header says of keys (`jwk`, `jku`, `x5u`, `x5c`) is
 * not read (RFC 8725 § 3.10). What the claims mean is the caller's to check.
 *
 * @throws {FairleadError} `kind.errors`; the message says why, and never a value of the token. `ticket_keys_unreachable`.
 */
export async function verifyClaims<T extends z.ZodType>(
  kind: TokenKind<T>,
  keys: TicketKeys,
  token: string,
): Promise<z.infer<T>> {
  const payload = await verifySignature(kind, keys, token);
  return parseJson(kind.claims, new TextDecoder().decode(payload), kind.errors.invalid);
}

async function verifySignature(
  kind: TokenKind<z.ZodType>,
  keys: TicketKeys,
  token: string,
): Promise<Uint8Array> {
  if (!COMPACT_JWS.test(token))
    throw new FairleadError(kind.errors.invalid, { message: "it is no JWS in compact form" });
  const keyOf = (header: CompactJWSHeaderParameters) => chooseKey(kind, keys, header);
  try {
    const { payload } = await compactVerify(token, keyOf, { algorithms: KeyAlgorithm.options });
    return payload;
  } catch (error) {
    if (error instanceof FairleadError) throw error;
    throw new FairleadError(kind.errors.invalid, { cause: error });
  }
}

/** A key serves its own algorithm only, whatever the header asks for (RFC 8725 § 3.1). */
async function chooseKey(
  kind: TokenKind<z.ZodType>,
  { keys, published }: TicketKeys,
  header: CompactJWSHeaderParameters,
) {
  if (header.typ !== kind.typ) {
    throw new FairleadError(kind.errors.invalid, { message: `the typ header is not ${kind.typ}` });
  }
  const { kid = "" } = header;
  const key = keys.get(kid) ?? (await published?.find(kid));
  if (!key) throw new FairleadError(kind.errors.unknownKey);
  if (header.alg !== key.alg) {
    throw new FairleadError(kind.errors.invalid, { message: "the key is bound to another algorithm" });
  }
  return key.verifyingKey;
}
