import { DEFAULT_ISSUER, FairleadError, parse, SESSION_AUDIENCE, SessionClaims } from "@fairlead/protocol";
import type { KeySet } from "./key-set.ts";
import { LEEWAY_S, signClaims, type TokenKind, verifyClaims } from "./signed-claims.ts";

const SESSION_TTL_S = 3_600;

const SESSION_TICKET: TokenKind<typeof SessionClaims> = {
  typ: "fairlead-session+jwt",
  claims: SessionClaims,
  errors: { invalid: "session_invalid", unknownKey: "session_invalid" },
};

export type SessionInput = Omit<SessionClaims, "iss" | "aud" | "iat" | "exp">;

export type IssueSessionOptions = {
  /** Seconds; default one hour. */
  ttlS?: number;
  issuer?: string;
  /** Milliseconds since 1970. */
  now?: () => number;
};

/**
 * Signs where an admitted peer's session lives, for the peer to present when it comes back.
 * @throws {FairleadError} `invalid_request` for claims that `SessionClaims` refuses or a set that only verifies.
 */
export async function issueSessionTicket(
  keySet: KeySet,
  session: SessionInput,
  options: IssueSessionOptions = {},
): Promise<string> {
  const { ttlS = SESSION_TTL_S, issuer = DEFAULT_ISSUER, now = Date.now } = options;
  const iat = Math.floor(now() / 1_000);
  const registered = { iss: issuer, aud: SESSION_AUDIENCE, iat, exp: iat + ttlS };
  const { signer } = keySet;
  if (!signer) throw new FairleadError("invalid_request", { message: "the key set has no private key" });
  return signClaims(SESSION_TICKET, signer, parse(SessionClaims, { ...session, ...registered }));
}

export type VerifySessionOptions = {
  issuer?: string;
  /** Milliseconds since 1970. */
  now?: () => number;
};

/**
 * @returns The session ticket's claims, once everything about it holds. Clocks may be 10 s apart.
 * @throws {FairleadError} `session_invalid` (unknown key, tampered, wrong kind, issuer or audience), `session_expired`.
 */
export async function verifySessionTicket(
  keySet: KeySet,
  ticket: string,
  options: VerifySessionOptions = {},
): Promise<SessionClaims> {
  const { issuer = DEFAULT_ISSUER, now = Date.now } = options;
  const claims = await verifyClaims(SESSION_TICKET, keySet, ticket);
  if (claims.iss !== issuer || claims.aud !== SESSION_AUDIENCE) {
    throw new FairleadError("session_invalid", { message: "another issuer's or audience's session ticket" });
  }
  const livesUntilMs = (claims.exp + LEEWAY_S) * 1_000;
  if (now() >= livesUntilMs) throw new FairleadError("session_expired");
  return claims;
}
