import { createHmac } from "node:crypto";
import type { IceServer } from "@fairlead/protocol";
import { isTurn } from "./turn-url.ts";

export type TurnOptions = {
  /** `stun:`, `turn:` and `turns:` URLs. */
  urls: readonly string[];
  /** Shared with the TURN servers. Needed as soon as there is a `turn:` or `turns:` URL. */
  secret?: string;
  /** How long credentials may begin something, s. What has begun with them goes on: coturn looks at the time only when it makes a session. */
  ttlS: number;
};

/**
 * Servers for one peer's ICE, with credentials that were made now, by the convention that coturn calls REST
 * (draft-uberti-behave-turn-rest-00 § 2.2): who has the secret can check them, and nobody stores any.
 *
 * @param peerId Becomes part of the name, so that a TURN server can hold each peer to its quota. It says nothing of who that is.
 * @returns At most two: one with what needs no credentials, one with what does.
 */
export function iceServersFor(
  { urls, secret = "", ttlS }: TurnOptions,
  peerId: string,
  nowMs: number,
): IceServer[] {
  const turn = urls.filter(isTurn);
  const stun = urls.filter((url) => !isTurn(url));
  const username = `${Math.floor(nowMs / 1_000) + ttlS}:${peerId}`;
  const credential = createHmac("sha1", secret).update(username).digest("base64");
  return [
    ...(stun.length > 0 ? [{ urls: stun }] : []),
    ...(turn.length > 0 ? [{ urls: turn, username, credential }] : []),
  ];
}
