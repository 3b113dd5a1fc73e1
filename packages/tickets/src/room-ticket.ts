import {
  DEFAULT_ISSUER,
  FairleadError,
  parse,
  type Role,
  RoomId,
  randomId,
  TICKET_AUDIENCE,
  TicketClaims,
  TicketRequest,
  VIEWER_AUDIENCE,
} from "@fairlead/protocol";
import type * as z from "zod";
import { coversRoom } from "./jwk.ts";
import { type KeySet, type SigningKey, signerFor } from "./key-set.ts";
import { LEEWAY_S, signClaims, type TokenKind, verifyClaims } from "./signed-claims.ts";
import type { TicketKeys } from "./ticket-keys.ts";

const ROOM_TICKET: TokenKind<typeof TicketClaims> = {
  typ: "fairlead-ticket+jwt",
  claims: TicketClaims,
  errors: { invalid: "ticket_invalid", unknownKey: "ticket_unknown_key" },
};

const TicketInput = TicketRequest.extend({ room: RoomId });
/** `ttlS`: seconds during which it admits, from now or from `notBefore` (seconds since 1970), whichever is later. */
export type TicketInput = z.input<typeof TicketInput>;

export type IssueTicketOptions = {
  issuer?: string;
  audience?: string;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** Fills the array it is given, for the ticket's id; default `crypto.getRandomValues`. */
  random?: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;
};

export type IssuedTicket = { ticket: string; claims: TicketClaims };

/**
 * Signs a ticket that admits one identity to one room.
 * @throws {FairleadError} `invalid_request` for what protocol's `TicketRequest` refuses (metadata over 4 KB, say), or for a
 * key set that only verifies; `ticket_signer_missing` if its private keys are all for other rooms.
 */
export async function issueTicket(
  keySet: KeySet,
  input: TicketInput,
  options: IssueTicketOptions = {},
): Promise<IssuedTicket> {
  const { issuer = DEFAULT_ISSUER, now = Date.now, random } = options;
  const { room, identity, name, metadata, grants, role, ttlS, notBefore } = parse(TicketInput, input);
  const audience = options.audience ?? audienceOf(role);
  const iat = Math.floor(now() / 1_000);
  const claims: TicketClaims = {
    iss: issuer,
    aud: audience,
    sub: identity,
    jti: randomId(random),
    iat,
    ...(notBefore === undefined ? {} : { nbf: notBefore }),
    exp: Math.max(iat, notBefore ?? 0) + ttlS,
    room,
    name,
    metadata,
    grants,
    ...(role === undefined ? {} : { role }),
  };
  return { ticket: await signClaims(ROOM_TICKET, chooseSigner(keySet, room), claims), claims };
}

function audienceOf(role: Role = "peer"): string {
  return role === "viewer" ? VIEWER_AUDIENCE : TICKET_AUDIENCE;
}

function chooseSigner(keySet: KeySet, room: RoomId): SigningKey {
  const signer = signerFor(room, keySet);
  if (signer) return signer;
  if (keySet.signer)
    throw new FairleadError("ticket_signer_missing", {
      message: "no private key of the set is for this room",
    });
  throw new FairleadError("invalid_request", { message: "the key set has no private key" });
}

export type VerifyTicketOptions = {
  /** The room that the ticket must be for. */
  room?: RoomId;
  issuer?: string;
  audience?: string;
  /** Milliseconds since 1970. */
  now?: () => number;
  /** For a peer that a session ticket proves to have been admitted: its room moved and it joins again. */
  allowExpired?: boolean;
};

/**
 * @returns The ticket's claims, once everything about it holds. Clocks may be 10 s apart.
 * @throws {FairleadError} `ticket_unknown_key`, `ticket_invalid` (tampered, wrong kind, wrong issuer),
 * `ticket_wrong_audience`, `ticket_wrong_room`, `ticket_not_yet_valid` with `retryAfterMs`, `ticket_expired`; `ticket_keys_unreachable`.
 */
export async function verifyTicket(
  keys: TicketKeys,
  ticket: string,
  options: VerifyTicketOptions = {},
): Promise<TicketClaims> {
  const { issuer = DEFAULT_ISSUER, now = Date.now } = options;
  const claims = await verifyClaims(ROOM_TICKET, keys, ticket, (key, { room }) => coversRoom(key, room));
  if (claims.iss !== issuer)
    throw new FairleadError("ticket_invalid", { message: "another issuer's ticket" });
  const audience = options.audience ?? audienceOf(claims.role);
  if (![claims.aud].flat().includes(audience)) throw new FairleadError("ticket_wrong_audience");
  if (options.room !== undefined && claims.room !== options.room)
    throw new FairleadError("ticket_wrong_room");
  checkTimes(claims, now(), options.allowExpired ?? false);
  return claims;
}

function checkTimes(claims: TicketClaims, nowMs: number, allowExpired: boolean): void {
  const admitsFromMs = ((claims.nbf ?? 0) - LEEWAY_S) * 1_000;
  if (nowMs < admitsFromMs) {
    throw new FairleadError("ticket_not_yet_valid", { retryAfterMs: Math.ceil(admitsFromMs - nowMs) });
  }
  const admitsUntilMs = (claims.exp + LEEWAY_S) * 1_000;
  if (nowMs >= admitsUntilMs && !allowExpired) throw new FairleadError("ticket_expired");
}
