import * as z from "zod";

/** Ids that become tokens of a bus subject or a registry key: no dots, spaces or wildcards. */
const Token = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 of A-Z a-z 0-9 _ -");

/** Chosen by the app, e.g. `weekly-standup`. */
export const RoomId = Token;
export type RoomId = z.infer<typeof RoomId>;

/** The beginning of room ids: what is bound to it is for the rooms of one app of several in a cluster. */
export const RoomPrefix = Token;
export type RoomPrefix = z.infer<typeof RoomPrefix>;

/** Made by the media node at join: 128 random bits. The same peer keeps it across reconnects. */
export const PeerId = Token;
export type PeerId = z.infer<typeof PeerId>;

export const SessionId = Token;
export type SessionId = z.infer<typeof SessionId>;

/** Chosen by the operator or the host name; the same after a restart. */
export const NodeId = Token;
export type NodeId = z.infer<typeof NodeId>;

/** One run of a node's process: new at every start, so that nothing meant for the last run reaches this one. */
export const Incarnation = Token;
export type Incarnation = z.infer<typeof Incarnation>;

/** Index of a worker slot of a node; it keeps its number when its worker is replaced. */
export const CoreIndex = z.int().min(0).max(1023);
export type CoreIndex = z.infer<typeof CoreIndex>;

/** Half of a surrogate pair can't be written as UTF-8, and Redis's JSON refuses its escape: a ban of it would be lost. */
export const WellFormed = z.string().refine((text) => text.isWellFormed(), "has half of a surrogate pair");

/** The app's name for the person behind a peer (ticket `sub`). */
export const Identity = WellFormed.min(1).max(128);
export type Identity = z.infer<typeof Identity>;

/** An identity that a ticket may name: in a URL's path, as a ban has it, `.` and `..` stand for folders. */
export const TicketIdentity = Identity.refine(
  (identity) => !/^\.\.?$/.test(identity),
  "must not be . or ..",
).describe("not . or ..");

/** A ticket's `jti`. */
export const TicketId = WellFormed.min(1).max(64);
export type TicketId = z.infer<typeof TicketId>;

/** Fencing number of a room's lease: max(previous + 1, registry time in ms since 1970). */
export const Epoch = z.int().min(0);
export type Epoch = z.infer<typeof Epoch>;

/** mediasoup's own ids are UUIDs. */
export const MediaId = z.string().min(1).max(64);
export type MediaId = z.infer<typeof MediaId>;

/**
 * 128 random bits in base64url (22 characters), by Web Crypto.
 * @param random Fills the array it is given; default `crypto.getRandomValues`.
 */
export function randomId(
  random: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array = (b) => crypto.getRandomValues(b),
): string {
  return toBase64url(random(new Uint8Array(16)));
}

export function toBase64url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");
}
