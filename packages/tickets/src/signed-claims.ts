import { type ErrorCode, FairleadError, type FairleadErrorOptions, parseJson } from "@fairlead/protocol";
import { type CompactJWSHeaderParameters, CompactSign, compactVerify, decodeProtectedHeader } from "jose";
import type * as z from "zod";
import { type Key, KeyAlgorithm } from "./jwk.ts";
import type { SigningKey } from "./key-set.ts";
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

export function signClaims<T extends z.ZodType>(
  kind: TokenKind<T>,
  signer: SigningKey,
  claims: z.infer<T> & Record<string, unknown>,
): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    .setProtectedHeader({ typ: kind.typ, alg: signer.alg, kid: signer.kid })
    .sign(signer.signingKey);
}

/**
 * Checks signature and shape, by a key of the set alone: keys in the header (`jwk`, `jku`, `x5u`, `x5c`) are not read
 * (RFC 8725 § 3.10). Of several keys with the header's `kid` each is tried. The caller checks what the claims mean.
 *
 * @param accepts Whether the key that verified the signature may vouch for such claims; else the next one is tried.
 * @throws {FairleadError} `kind.errors`; the message says why, and never a value of the token. `ticket_keys_unreachable`;
 * `ticket_wrong_room` if keys verify it and `accepts` none.
 */
export async function verifyClaims<T extends z.ZodType>(
  kind: TokenKind<T>,
  { keys, published }: TicketKeys,
  token: string,
  accepts: (key: Key, claims: z.infer<T>) => boolean = () => true,
): Promise<z.infer<T>> {
  const header = readHeader(kind, token);
  const { kid = "" } = header;
  const known = [...keys.filter((key) => key.kid === kid), ...(published?.known(kid) ?? [])];
  const attempt = { kind, header, token, accepts };
  const verified = await tryKeys(attempt, known);
  if (verified.state === "accepted") return verified.claims;
  if (!published || verified.state === "refused") throw refusalOf(kind, verified);
  const found = await published.find(kid);
  const others = found.keys.filter((key) => !known.includes(key));
  const last = others.length === 0 ? verified : await tryKeys(attempt, others);
  if (last.state === "accepted") return last.claims;
  if (last.state !== "refused" && !found.isComplete) throw new FairleadError("ticket_keys_unreachable");
  throw refusalOf(kind, last);
}

type Header = Pick<CompactJWSHeaderParameters, "alg" | "kid">;

type Attempt<T extends z.ZodType> = {
  kind: TokenKind<T>;
  header: Header;
  token: string;
  accepts: (key: Key, claims: z.infer<T>) => boolean;
};

type Verified<T extends z.ZodType> =
  | { state: "accepted"; claims: z.infer<T> }
  /** The signature is right, and its key is for other rooms. */
  | { state: "refused" }
  | { state: "no_key" }
  | { state: "invalid"; options: FairleadErrorOptions };

/** @throws {FairleadError} `kind.errors.invalid`. */
function readHeader({ typ, errors }: TokenKind<z.ZodType>, token: string): Header {
  const invalid = (options: FairleadErrorOptions) => new FairleadError(errors.invalid, options);
  if (!COMPACT_JWS.test(token)) throw invalid({ message: "it is no JWS in compact form" });
  let header: ReturnType<typeof decodeProtectedHeader>;
  try {
    header = decodeProtectedHeader(token);
  } catch (cause) {
    throw invalid({ cause });
  }
  const { alg, kid } = header;
  if (!KeyAlgorithm.safeParse(alg).success || (kid !== undefined && typeof kid !== "string"))
    throw invalid({ message: "the alg or kid header is none of ours" });
  if (!isMediaType(header.typ, typ)) throw invalid({ message: `the typ header is not ${typ}` });
  return { alg: alg ?? "", kid };
}

/** Without regard to case, and with or without `application/` (RFC 7515 § 4.1.9). */
function isMediaType(given: unknown, typ: string): boolean {
  return typeof given === "string" && given.toLowerCase().replace(/^application\//, "") === typ;
}

async function tryKeys<T extends z.ZodType>(attempt: Attempt<T>, keys: readonly Key[]): Promise<Verified<T>> {
  let last: Verified<T> = { state: "no_key" };
  for (const key of keys) {
    const verified = await tryKey(attempt, key);
    if (verified.state === "accepted") return verified;
    if (last.state !== "refused") last = verified;
  }
  return last;
}

/** A key serves its own algorithm only, whatever the header asks for (RFC 8725 § 3.1). */
async function tryKey<T extends z.ZodType>(
  { kind, header, token, accepts }: Attempt<T>,
  key: Key,
): Promise<Verified<T>> {
  if (header.alg !== key.alg)
    return { state: "invalid", options: { message: "the key is bound to another algorithm" } };
  let payload: Uint8Array;
  try {
    ({ payload } = await compactVerify(token, key.verifyingKey, { algorithms: [key.alg] }));
  } catch (cause) {
    return { state: "invalid", options: { cause } };
  }
  const claims = parseJson(kind.claims, new TextDecoder().decode(payload), kind.errors.invalid);
  return accepts(key, claims) ? { state: "accepted", claims } : { state: "refused" };
}

function refusalOf({ errors }: TokenKind<z.ZodType>, verified: Verified<z.ZodType>): FairleadError {
  if (verified.state === "refused")
    return new FairleadError("ticket_wrong_room", { message: "the key that signed it is for other rooms" });
  return verified.state === "invalid"
    ? new FairleadError(errors.invalid, verified.options)
    : new FairleadError(errors.unknownKey);
}
