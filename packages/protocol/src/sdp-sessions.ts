import * as z from "zod";
import { KeyHash } from "./broadcasts.ts";
import { Epoch, RoomId, SessionId } from "./ids.ts";
import { Jwt } from "./join.ts";
import { IceServer } from "./media.ts";
import { Lease, Mute, RoomOptions } from "./registry-records.ts";

/** Longer than any browser's offer with every codec and candidate. */
export const SDP_LIMIT_BYTES = 65_536;

/** SDP (RFC 8866), or a fragment of it (RFC 8840). Parsed where its media is. */
export const Sdp = z.string().min(1).max(SDP_LIMIT_BYTES);
export type Sdp = z.infer<typeof Sdp>;

/** An entity tag as it stands in a header, quotes included (RFC 9110 § 8.8.3). */
export const EntityTag = z.string().regex(/^"[\x21\x23-\x7e]{1,64}"$/, "a strong entity tag");
export type EntityTag = z.infer<typeof EntityTag>;

/** SHA-256 of the bearer token that the session was opened with, in hex; null: it was opened without one. */
const Bearer = KeyHash.nullable();

/** `debitId`: empty where the registry made none. */
const InPlacedRoom = z.object({
  lease: Lease,
  options: RoomOptions,
  mutes: z.array(Mute),
  debitId: z.string().max(64),
});

const Opened = z.object({
  sessionId: SessionId,
  answer: Sdp,
  etag: EntityTag,
  epoch: Epoch,
  iceServers: z.array(IceServer),
});

/** Calls for WHIP (RFC 9725) and WHEP (draft-ietf-wish-whep), whose sessions live in the node that opened them. */
export const SDP_CALLS = {
  /** `keyHash`: of the stream key, which the node compares with the record that it read itself. */
  "whip.open": {
    request: InPlacedRoom.extend({ offer: Sdp, keyHash: KeyHash, address: z.string().max(64).optional() }),
    reply: Opened,
  },
  /** `ticket`: a viewer's, which the node verifies; null: whoever asks has none. */
  "whep.open": {
    request: InPlacedRoom.extend({
      offer: Sdp,
      ticket: Jwt.nullable(),
      bearer: Bearer,
      address: z.string().max(64).optional(),
    }),
    reply: Opened,
  },
  /**
   * Trickle ICE, or an ICE restart where the fragment has another ufrag (RFC 9725 § 4.3). `ifMatch`: the header as it came; null: none.
   * `fragment` in the reply: after a restart.
   */
  "sdp_session.patch": {
    request: z.object({
      roomId: RoomId,
      sessionId: SessionId,
      bearer: Bearer,
      fragment: Sdp,
      ifMatch: z.string().max(256).nullable(),
    }),
    reply: z.object({ etag: EntityTag, fragment: Sdp.optional() }),
  },
  "sdp_session.close": {
    request: z.object({ roomId: RoomId, sessionId: SessionId, bearer: Bearer }),
    reply: z.object({}),
  },
} as const satisfies Record<string, { request: z.ZodType; reply: z.ZodType }>;
