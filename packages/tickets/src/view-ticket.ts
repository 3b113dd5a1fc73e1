import { DEFAULT_ISSUER, FairleadError, parse, VIEW_AUDIENCE, ViewClaims } from "@fairlead/protocol";
import type { KeySet } from "./key-set.ts";
import { LEEWAY_S, signClaims, type TokenKind, verifyClaims } from "./signed-claims.ts";
import type { TicketKeys } from "./ticket-keys.ts";

const VIEW_TICKET: TokenKind<typeof ViewClaims> = {
  typ: "fairlead-view+jwt",
  claims: ViewClaims,
  errors: { invalid: "ticket_invalid", unknownKey: "ticket_unknown_key" },
};

export type ViewInput = Pick<ViewClaims, "sub" | "room" | "jti">;

export type IssueViewOptions = {
  /** Milliseconds since 1970. */
  expiresAtMs: number;
  issuer?: string;
  now?: () => number;
};

/**
 * Signs a viewing session of a broadcast by HLS: it stands in the path of every URL, and is good for the whole show.
 * @param keySet The cluster's own, by which session tickets are signed.
 * @throws {FairleadError} `invalid_request` for claims that `ViewClaims` refuses or a set that only verifies.
 */
export async function issueViewTicket(
  { signer }: KeySet,
  view: ViewInput,
  { expiresAtMs, issuer = DEFAULT_ISSUER, now = Date.now }: IssueViewOptions,
): Promise<string> {
  if (!signer) throw new FairleadError("invalid_request", { message: "the key set has no private key" });
  const iat = Math.floor(now() / 1_000);
  const registered = { iss: issuer, aud: VIEW_AUDIENCE, iat, exp: Math.floor(expiresAtMs / 1_000) };
  return signClaims(VIEW_TICKET, signer, parse(ViewClaims, { ...view, ...registered }));
}

export type VerifyViewOptions = {
  issuer?: string;
  /** Milliseconds since 1970. */
  now?: () => number;
};

/**
 * @param room The broadcast that the path names.
 * @throws {FairleadError} `ticket_invalid`, `ticket_unknown_key`, `ticket_wrong_audience`, `ticket_wrong_room`, `ticket_expired`.
 */
export async function verifyViewTicket(
  keys: TicketKeys,
  ticket: string,
  room: string,
  { issuer = DEFAULT_ISSUER, now = Date.now }: VerifyViewOptions = {},
): Promise<ViewClaims> {
  const claims = await verifyClaims(VIEW_TICKET, keys, ticket);
  if (claims.iss !== issuer || claims.aud !== VIEW_AUDIENCE) throw new FairleadError("ticket_wrong_audience");
  if (claims.room !== room) throw new FairleadError("ticket_wrong_room");
  if (now() >= (claims.exp + LEEWAY_S) * 1_000) throw new FairleadError("ticket_expired");
  return claims;
}
