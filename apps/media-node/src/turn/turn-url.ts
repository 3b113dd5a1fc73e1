import * as z from "zod";

/** `host` and `port` of RFC 3986 § 3.2.2 and § 3.2.3: a name, an IPv4 address, or an IPv6 address in brackets. */
const PLACE = String.raw`(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::(?<port>\d{1,5}))?`;
const STUN = new RegExp(`^stuns?:${PLACE}$`, "i");
const TURN = new RegExp(String.raw`^turns?:${PLACE}(?:\?transport=(?:udp|tcp))?$`, "i");

/** A `stun:` or `stuns:` URI (RFC 7064 § 3.1), or a `turn:` or `turns:` URI (RFC 7065 § 3.1) with a transport that browsers know. */
export const TurnUrl = z.string().refine((text) => {
  const found = STUN.exec(text) ?? TURN.exec(text);
  const port = Number(found?.groups?.port ?? 1);
  return found !== null && port >= 1 && port <= 65_535;
}, "no STUN or TURN URL");

/** Whether a server there asks for credentials. */
export function isTurn(url: string): boolean {
  return TURN.test(url);
}
