import * as z from "zod";

/** The meaning of a refusal to those who get it. A property that is left out does not apply. */
export type ErrorMeaning = {
  /** HTTP status. */
  status: number;
  /** WebSocket close code. Without one the error is a reply on a socket that stays open. */
  close?: number;
  /** Whether the same request may succeed later. `once_admitted`: a peer that was in the room tries on, a newcomer is told at once. */
  retry?: "always" | "once_admitted";
  /**
   * The thing that is over. `command`: it did nothing, and never will. `session`, `room`, `node`: it is not (or no longer) where it was
   * looked for, and a peer joins anew. `peer`: somebody took the peer out of the room, and it does not join anew by itself.
   * `route`: no signaling answers there.
   */
  ends?: "command" | "session" | "room" | "node" | "peer" | "route";
  /** The cluster is getting over a fault, and will say something else within seconds. */
  passes?: true;
  /** Nothing was done, and another node may do it. */
  elsewhere?: true;
  /** A client makes it, and no server answers it. */
  ofClient?: true;
};

/** Every refusal that leaves a process. */
const TABLE = {
  // About the request
  invalid_request: { status: 400, ends: "command" },
  invalid_frame: { status: 400, close: 4400 },
  frame_too_large: { status: 413, close: 4413 },
  too_many_frames: { status: 429, close: 4429, retry: "always" },
  /**
   * Joins of an address or a room, requests of an API key, wrong tickets and keys of an address, or its sockets that have had no
   * session yet; and at a node, what a peer has made, or joins of an identity into a room. `retryAfterMs` says when there will be room again.
   */
  rate_limited: { status: 429, close: 4418, retry: "always" },
  /** A browser's page of an origin that the operator does not allow. */
  origin_refused: { status: 403 },
  /** This runtime has none: sessions go over HTTP. */
  websocket_unsupported: { status: 501 },
  unknown_command: { status: 400, ends: "command" },
  command_stale: { status: 409, ends: "command" },
  command_window_exceeded: { status: 429, retry: "always", ends: "command" },
  protocol_unsupported: { status: 400, close: 4406 },
  capabilities_mismatch: { status: 409, retry: "always" },
  join_timeout: { status: 408, close: 4408, retry: "always" },
  idle_timeout: { status: 408, close: 4410, retry: "always" },
  slow_reader: { status: 429, close: 4411, retry: "always" },
  not_found: { status: 404, ends: "route" },
  method_not_allowed: { status: 405, ends: "route" },
  // About the caller's identity
  api_key_missing: { status: 401 },
  api_key_invalid: { status: 401 },
  scope_missing: { status: 403 },
  ticket_invalid: { status: 401, close: 4401 },
  ticket_expired: { status: 401, close: 4402 },
  ticket_not_yet_valid: { status: 401, close: 4405, retry: "once_admitted" },
  ticket_unknown_key: { status: 401, close: 4407 },
  /** The server that publishes the ticket's key does not answer. */
  ticket_keys_unreachable: { status: 503, retry: "always", passes: true },
  /** This cluster's tickets are signed by the app itself. */
  ticket_signer_missing: { status: 501 },
  ticket_wrong_room: { status: 403, close: 4403 },
  ticket_wrong_audience: { status: 401, close: 4409 },
  session_invalid: { status: 401, close: 4412, ends: "session" },
  session_expired: { status: 401, close: 4414, ends: "session" },
  // About the caller's permissions
  grant_missing: { status: 403 },
  banned: { status: 403, close: 4415 },
  duplicate_identity: { status: 409, close: 4416 },
  room_full: { status: 403, close: 4417, retry: "once_admitted" },
  producer_limit: { status: 409 },
  muted_by_moderator: { status: 403 },
  /** A room's record takes no more of them. */
  too_many_bans: { status: 409 },
  too_many_mutes: { status: 409 },
  // About the fate of the thing asked for
  session_gone: { status: 410, retry: "always", ends: "session" },
  session_replaced: { status: 409, close: 4421, ends: "peer" },
  session_left: { status: 410, close: 4422 },
  peer_removed: { status: 403, close: 4423, ends: "peer" },
  room_closed: { status: 410, close: 4424, ends: "peer" },
  room_moved: { status: 409, retry: "always", ends: "session" },
  lease_lost: { status: 409, retry: "always", ends: "room", passes: true },
  room_not_found: { status: 404, ends: "room" },
  node_not_found: { status: 404 },
  peer_not_found: { status: 404 },
  transport_not_found: { status: 404 },
  producer_not_found: { status: 404 },
  consumer_not_found: { status: 404 },
  data_producer_not_found: { status: 404 },
  media_rejected: { status: 400 },
  // About broadcasts
  broadcast_not_found: { status: 404, close: 4426, ends: "peer" },
  /** There is one of that id already. */
  broadcast_exists: { status: 409 },
  /** It was changed by somebody else meanwhile. */
  broadcast_conflict: { status: 409, retry: "always" },
  broadcast_ended: { status: 410, close: 4425, ends: "peer" },
  /** Before its start, or while its publisher is away: there is nothing to watch by WHEP. */
  broadcast_not_live: { status: 409, retry: "always" },
  /** Another publisher's media came within the last two seconds. */
  publisher_active: { status: 409, retry: "always" },
  stream_key_invalid: { status: 401 },
  viewer_limit: { status: 403, close: 4427, retry: "once_admitted" },
  /** The operator's hook said no. */
  hook_refused: { status: 403, close: 4428, ends: "peer" },
  hook_unreachable: { status: 503, retry: "always" },
  // About WHIP and WHEP
  sdp_session_not_found: { status: 404 },
  /** No codec that both sides have, or no room for one more map of payload types. */
  not_acceptable: { status: 406 },
  unsupported_media_type: { status: 415 },
  /** SDP that can be read, and that asks for what is not served. */
  sdp_unprocessable: { status: 422 },
  precondition_required: { status: 428 },
  precondition_failed: { status: 412 },
  // About RTP of encoders and recorders
  ingest_not_found: { status: 404 },
  egress_not_found: { status: 404 },
  /** The node exchanges no RTP of that kind with that address. */
  rtp_refused: { status: 403 },
  /** The room has as many as it may have. */
  rtp_limit: { status: 409 },
  // About the cluster
  /** Made by the client: no answer, or none of Fairlead's. */
  signaling_unreachable: { status: 503, retry: "always", ends: "route" },
  // Made by the client alone: an older build would not parse them off the wire.
  webrtc_unsupported: { status: 501, ofClient: true },
  data_too_large: { status: 413, ofClient: true },
  data_undelivered: { status: 504, ofClient: true },
  data_channel_limit: { status: 409, ofClient: true },
  data_buffer_full: { status: 429, retry: "always", ofClient: true },
  no_capacity: { status: 503, close: 4503, retry: "once_admitted", passes: true, elsewhere: true },
  core_full: { status: 503, retry: "once_admitted", passes: true, elsewhere: true },
  node_unreachable: { status: 503, retry: "always", ends: "node", passes: true, elsewhere: true },
  node_timeout: { status: 504, retry: "always", passes: true },
  node_draining: { status: 503, retry: "always", passes: true, elsewhere: true },
  registry_unreachable: { status: 503, retry: "always", passes: true },
  registry_cold: { status: 503, retry: "always", passes: true },
  bus_disconnected: { status: 503, retry: "always", passes: true },
  /** A message between processes is larger than the bus takes: its maker should have made several. */
  message_too_large: { status: 413 },
  shutting_down: { status: 503, close: 4504, retry: "always" },
  /**
   * This instance holds as many sockets and streams of events as it may, or more clients come to it at once than it takes: later,
   * or at another.
   */
  signaling_full: { status: 503, close: 4505, retry: "always" },
  internal: { status: 500, close: 4500, retry: "once_admitted" },
} as const satisfies Record<string, ErrorMeaning>;

export type ErrorCode = keyof typeof TABLE;
export const ERRORS: Readonly<Record<ErrorCode, ErrorMeaning>> = TABLE;
export const ErrorCode = z.enum(Object.keys(TABLE) as [ErrorCode, ...ErrorCode[]]);

/** How a refusal looks in an HTTP body, a reply frame or a bus envelope. */
export const ErrorBody = z.object({
  code: ErrorCode,
  message: z.string().max(2_000),
  /** Milliseconds after which a retry makes sense. */
  retryAfterMs: z.int().min(0).optional(),
  /** Further facts, by code; e.g. the fresh capabilities with `capabilities_mismatch`. */
  detail: z.record(z.string(), z.unknown()).optional(),
});
export type ErrorBody = z.infer<typeof ErrorBody>;

export const ErrorAnswer = z.object({ error: ErrorBody });
export type ErrorAnswer = z.infer<typeof ErrorAnswer>;

export type FairleadErrorOptions = {
  message?: string;
  retryAfterMs?: number;
  detail?: Record<string, unknown>;
  cause?: unknown;
};

/** A refusal with a stable code. Anything else that is thrown is a bug and reaches callers as `internal`. */
export class FairleadError extends Error {
  readonly code: ErrorCode;
  readonly retryAfterMs: number | undefined;
  readonly detail: Record<string, unknown> | undefined;

  constructor(code: ErrorCode, options: FairleadErrorOptions = {}) {
    super(options.message ?? code.replaceAll("_", " "), { cause: options.cause });
    this.name = "FairleadError";
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
    this.detail = options.detail;
  }
}

export function httpStatus(code: ErrorCode): number {
  return ERRORS[code].status;
}

/** @returns 4000..4999 (RFC 6455 § 7.4.2: private use), or null where the socket stays open. */
export function closeCode(code: ErrorCode): number | null {
  return ERRORS[code].close ?? null;
}

/** @returns The code that a close code stands for; undefined for close codes that are not ours. */
export function errorCodeOfClose(close: number): ErrorCode | undefined {
  return ErrorCode.options.find((code) => ERRORS[code].close === close);
}

export function isRetryable(code: ErrorCode): boolean {
  return ERRORS[code].retry !== undefined;
}

/** Whether the session is not where its ticket says: it, its room or its node has gone from there, and the peer joins anew. */
export function isSessionLost(code: ErrorCode): boolean {
  const { ends } = ERRORS[code];
  return ends === "session" || ends === "room" || ends === "node";
}

/** Whether a session ended against its client's will: the client hears so whenever it asks, and does not join anew by itself. */
export function endsForGood(code: ErrorCode): boolean {
  return ERRORS[code].ends === "peer";
}

/** @returns What may leave the process: a bug's message and stack stay inside. */
export function toErrorBody(error: unknown): ErrorBody {
  if (!(error instanceof FairleadError)) return { code: "internal", message: "internal error" };
  const { code, message, retryAfterMs, detail } = error;
  return {
    code,
    message,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(detail ? { detail } : {}),
  };
}

export function fromErrorBody(body: ErrorBody): FairleadError {
  return new FairleadError(body.code, body);
}
