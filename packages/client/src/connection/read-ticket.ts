import { FairleadError } from "@fairlead/protocol";

/** What a ticket says of its peer. Nobody has verified it: only its own client believes it, until the node tells. */
export type OwnClaims = { identity: string; name: string; metadata: string };

/**
 * @returns Empty strings for what can't be read: signaling and the node judge the ticket.
 * @throws {FairleadError} `invalid_request` for something else than a ticket, e.g. the whole answer of which it is a part.
 */
export function readTicket(ticket: unknown): OwnClaims {
  if (typeof ticket !== "string" || ticket === "" || ticket.trimStart().startsWith("{"))
    throw noTicket(ticket);
  const claims = claimsOf(ticket);
  const text = (name: string) => (typeof claims[name] === "string" ? claims[name] : "");
  return { identity: text("sub"), name: text("name"), metadata: text("metadata") };
}

function noTicket(given: unknown): FairleadError {
  const isAnswer =
    (typeof given === "object" && given !== null) || (typeof given === "string" && given !== "");
  const what = isAnswer ? "the whole answer: pass its member `ticket`" : given === "" ? '""' : String(given);
  return new FairleadError("invalid_request", {
    message: `ticket: expected a string of a ticket, got ${what}`,
  });
}

/** RFC 7515 § 3.1: the second part, in base64url, is UTF-8 JSON. */
function claimsOf(ticket: string): Record<string, unknown> {
  try {
    const [, payload = ""] = ticket.split(".");
    const bytes = atob(payload.replaceAll("-", "+").replaceAll("_", "/"));
    const text = new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
    return { ...JSON.parse(text) };
  } catch {
    return {};
  }
}
