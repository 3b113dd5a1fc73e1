import * as z from "zod";
import { Grants } from "./grants.ts";
import { Epoch, Identity, Incarnation, NodeId, PeerId, RoomId, SessionId, TicketId } from "./ids.ts";

/** Default `iss` and `aud`; an operator with several clusters changes them. */
export const DEFAULT_ISSUER = "fairlead";
export const TICKET_AUDIENCE = "fairlead/room";
export const SESSION_AUDIENCE = "fairlead/session";

export const METADATA_LIMIT_BYTES = 4_096;

/**
 * The app's own words about a peer, seen by all peers of the room; at most 4 KB of UTF-8, and not made of characters that JSON
 * writes as six, so that the peers of one event fit in one message (`MAX_BUS_MESSAGE_BYTES`).
 */
export const Metadata = z
  .string()
  .refine((text) => utf8Length(text) <= METADATA_LIMIT_BYTES, {
    message: `metadata is over ${METADATA_LIMIT_BYTES} bytes`,
  })
  .refine((text) => utf8Length(JSON.stringify(text)) <= 2 * METADATA_LIMIT_BYTES + 2, {
    message: `metadata is over ${2 * METADATA_LIMIT_BYTES} bytes as JSON`,
  });
export type Metadata = z.infer<typeof Metadata>;

export const DisplayName = z.string().max(128);
export type DisplayName = z.infer<typeof DisplayName>;

/** What a peer is admitted with; the ticket's own claims besides the registered ones (RFC 7519 § 4.1). */
export const Admission = z.object({
  room: RoomId,
  name: DisplayName.default(""),
  metadata: Metadata.default(""),
  grants: Grants,
});
export type Admission = z.infer<typeof Admission>;

/** Claims of a ticket. `exp`, `nbf`, `iat`: seconds since 1970. */
export const TicketClaims = Admission.extend({
  iss: z.string().max(256),
  aud: z.string().max(256),
  sub: Identity,
  jti: TicketId,
  iat: z.number(),
  nbf: z.number().optional(),
  exp: z.number(),
});
export type TicketClaims = z.infer<typeof TicketClaims>;

/** Claims of a session ticket: where an admitted peer's session lives. It carries no grants: the node holds those. */
export const SessionClaims = z.object({
  iss: z.string().max(256),
  aud: z.string().max(256),
  sub: Identity,
  iat: z.number(),
  exp: z.number(),
  session: SessionId,
  peer: PeerId,
  room: RoomId,
  node: NodeId,
  incarnation: Incarnation,
  epoch: Epoch,
  /** `jti` of the ticket that admitted the peer. */
  ticketId: TicketId,
  /** Raised by each attach; an older socket is closed with `session_replaced`. */
  connection: z.int().min(1),
});
export type SessionClaims = z.infer<typeof SessionClaims>;

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
