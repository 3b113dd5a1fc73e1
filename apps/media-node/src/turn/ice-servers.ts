import { createHmac } from "node:crypto";
import type { IceServer } from "@fairlead/protocol";
import { isTurn } from "./turn-url.ts";

export type TurnOptions = {
  /** `stun:`, `turn:` and `turns:` URLs. */
  urls: readonly string[];
  /** Shared with the TURN servers. Needed as soon as there is a `turn:` or `turns:` URL. */
  secret?: string;
  /** How long credentials may open TURN sessions, s. Sessions go on after that: coturn checks the time only when it opens one. */
  ttlS: number;
};

/** Enough that no two users share a quota. */
const NAME_BYTES = 16;

/** An identity in a room, however often it joins. */
export type TurnUser = { roomId: string; identity: string };

/**
 * Servers for one peer's ICE, with credentials that were made now, by the convention that coturn calls REST
 * (draft-uberti-behave-turn-rest-00 § 2.2): a server that has the secret can check them, and nobody stores any.
 *
 * @returns At most two: one with what needs no credentials, one with what does.
 */
export function iceServersFor(
  { urls, secret = "", ttlS }: TurnOptions,
  user: TurnUser,
  nowMs: number,
): IceServer[] {
  const turn = urls.filter(isTurn);
  const stun = urls.filter((url) => !isTurn(url));
  const username = `${Math.floor(nowMs / 1_000) + ttlS}:${nameOf(user, secret)}`;
  const credential = createHmac("sha1", secret).update(username).digest("base64");
  return [
    ...(stun.length > 0 ? [{ urls: stun }] : []),
    ...(turn.length > 0 ? [{ urls: turn, username, credential }] : []),
  ];
}

/**
 * The name by which a TURN server counts a user's quota; it keeps identities out of that server's log. SHA-256 is used because a
 * password is an HMAC by SHA-1 of the same secret: a user whose name reads like credentials must not get a password made.
 */
function nameOf({ roomId, identity }: TurnUser, secret: string): string {
  const hmac = createHmac("sha256", secret)
    .update(JSON.stringify([roomId, identity]))
    .digest();
  return hmac.subarray(0, NAME_BYTES).toString("base64url");
}
