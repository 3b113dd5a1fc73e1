import * as z from "zod";
import { Grants } from "./grants.ts";
import {
  Epoch,
  Identity,
  Incarnation,
  NodeId,
  PeerId,
  RoomId,
  SessionId,
  TicketId,
  TicketIdentity,
} from "./ids.ts";

/** Default `iss` and `aud`; an operator with several clusters changes them. */
export const DEFAULT_ISSUER = "fairlead";
export const TICKET_AUDIENCE = "fairlead/room";
/** Of viewers' tickets: a build that does not know viewers refuses them, and admits none as a peer. */
export const VIEWER_AUDIENCE = "fairlead/viewer";
export const SESSION_AUDIENCE = "fairlead/session";
/** Of viewing sessions by HLS. */
export const VIEW_AUDIENCE = "fairlead/view";

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

/** Spaces, controls and characters that are drawn as nothing; U+2800 is a Braille cell without dots. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** Whether a person who reads the text sees anything of it. */
export const isVisible = (text: string): boolean => text.replace(INVISIBLE, "") !== "";

/** A name of which nobody would see anything counts as none. */
export const DisplayName = z
  .string()
  .max(128)
  .overwrite((name) => (isVisible(name) ? name : ""));
export type DisplayName = z.infer<typeof DisplayName>;

/** `viewer`: watches a broadcast, and is announced to nobody. */
export const Role = z.enum(["peer", "viewer"]);
export type Role = z.infer<typeof Role>;

/** The terms of a peer's admission: the ticket's own claims besides the registered ones (RFC 7519 § 4.1). */
export const Admission = z.object({
  room: RoomId,
  name: DisplayName.default(""),
  metadata: Metadata.default(""),
  grants: Grants,
  /** Absent: `peer`. A viewer's ticket has an audience of its own, and its grants count for nothing. */
  role: Role.optional(),
});
export type Admission = z.infer<typeof Admission>;

/** How far a `Date` reaches, seconds: in milliseconds, as refusals tell when to come back, it is a safe integer still. */
export const NUMERIC_DATE_MAX = 8_640_000_000_000;

/** Seconds since 1970, with fractions if need be (RFC 7519 § 2). */
export const NumericDate = z.number().min(0).max(NUMERIC_DATE_MAX);

const Audience = z.string().max(256);

/** Claims of a ticket. */
export const TicketClaims = Admission.extend({
  iss: z.string().max(256),
  /** One audience, or a list of which one must be ours (RFC 7519 § 4.1.3). */
  aud: z.union([Audience, z.array(Audience).max(32)]),
  sub: TicketIdentity,
  jti: TicketId,
  iat: NumericDate,
  nbf: NumericDate.optional(),
  exp: NumericDate,
});
export type TicketClaims = z.infer<typeof TicketClaims>;

/** Claims of a session ticket: where an admitted peer's session lives. It carries no grants: the node holds those. */
export const SessionClaims = z.object({
  iss: z.string().max(256),
  aud: z.string().max(256),
  sub: Identity,
  iat: NumericDate,
  exp: NumericDate,
  session: SessionId,
  peer: PeerId,
  room: RoomId,
  node: NodeId,
  incarnation: Incarnation,
  epoch: Epoch,
  /** `jti` of the ticket that admitted the peer. */
  ticketId: TicketId,
  /** `JoinReply.joinedAtMs`, for the peer's next session. Absent: the node or signaling is older than it. */
  joinedAtMs: z.number().optional(),
  /** Raised by each attach; an older socket is closed with `session_replaced`. */
  connection: z.int().min(1),
});
export type SessionClaims = z.infer<typeof SessionClaims>;

/** Claims of a viewing session by HLS. */
export const ViewClaims = z.object({
  iss: z.string().max(256),
  aud: z.string().max(256),
  /** Of the ticket that opened it; absent: nobody vouched for the viewer, and the broadcast is public. */
  sub: Identity.optional(),
  iat: NumericDate,
  exp: NumericDate,
  room: RoomId,
  /** Of this viewing session. */
  jti: SessionId,
});
export type ViewClaims = z.infer<typeof ViewClaims>;

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
