import * as z from "zod";

/**
 * Every refusal that leaves a process: `code → [HTTP status, WebSocket close code or null, may a retry help]`.
 * A null close code means that the error is a reply on a socket that stays open.
 */
export const ERRORS = {
  // What the caller sent
  invalid_request: [400, null, false],
  invalid_frame: [400, 4400, false],
  frame_too_large: [413, 4413, false],
  too_many_frames: [429, 4429, true],
  /**
   * Joins of an address or a room, requests of an API key, wrong tickets and keys of an address, or its sockets that have had no
   * session yet; `retryAfterMs` says when there will be room again.
   */
  rate_limited: [429, 4418, true],
  /** A browser's page of an origin that the operator does not allow. */
  origin_refused: [403, null, false],
  /** This runtime has none: sessions go over HTTP. */
  websocket_unsupported: [501, null, false],
  unknown_command: [400, null, false],
  command_stale: [409, null, false],
  command_window_exceeded: [429, null, true],
  protocol_unsupported: [400, 4406, false],
  capabilities_mismatch: [409, null, true],
  join_timeout: [408, 4408, true],
  idle_timeout: [408, 4410, true],
  slow_reader: [429, 4411, true],
  not_found: [404, null, false],
  method_not_allowed: [405, null, false],
  // Who the caller is
  api_key_missing: [401, null, false],
  api_key_invalid: [401, null, false],
  scope_missing: [403, null, false],
  ticket_invalid: [401, 4401, false],
  ticket_expired: [401, 4402, false],
  ticket_not_yet_valid: [401, 4405, true],
  ticket_unknown_key: [401, 4407, false],
  /** Who publishes the key that the ticket names does not answer. */
  ticket_keys_unreachable: [503, null, true],
  /** This cluster's tickets are signed by the app itself. */
  ticket_signer_missing: [501, null, false],
  ticket_wrong_room: [403, 4403, false],
  ticket_wrong_audience: [401, 4409, false],
  session_invalid: [401, 4412, false],
  session_expired: [401, 4414, false],
  // What the caller may do
  grant_missing: [403, null, false],
  banned: [403, 4415, false],
  duplicate_identity: [409, 4416, false],
  room_full: [403, 4417, true],
  producer_limit: [409, null, false],
  muted_by_moderator: [403, null, false],
  /** A room's record takes no more of them. */
  too_many_bans: [409, null, false],
  too_many_mutes: [409, null, false],
  // What happened to it
  session_gone: [410, null, true],
  session_replaced: [409, 4421, false],
  session_left: [410, 4422, false],
  peer_removed: [403, 4423, false],
  room_closed: [410, 4424, false],
  room_moved: [409, null, true],
  lease_lost: [409, null, true],
  room_not_found: [404, null, false],
  node_not_found: [404, null, false],
  peer_not_found: [404, null, false],
  transport_not_found: [404, null, false],
  producer_not_found: [404, null, false],
  consumer_not_found: [404, null, false],
  data_producer_not_found: [404, null, false],
  media_rejected: [400, null, false],
  // Where it should have gone
  /** Made by the client: no answer, or none of Fairlead's. */
  signaling_unreachable: [503, null, true],
  no_capacity: [503, 4503, true],
  core_full: [503, null, true],
  node_unreachable: [503, null, true],
  node_timeout: [504, null, true],
  node_draining: [503, null, true],
  registry_unreachable: [503, null, true],
  registry_cold: [503, null, true],
  bus_disconnected: [503, null, true],
  /** A message between processes is larger than the bus takes: whoever made it should have made several. */
  message_too_large: [413, null, false],
  shutting_down: [503, 4504, true],
  /**
   * This instance holds as many sockets and streams of events as it may, or more clients come to it at once than it takes: later,
   * or at another.
   */
  signaling_full: [503, 4505, true],
  internal: [500, 4500, true],
} as const satisfies Record<string, readonly [number, number | null, boolean]>;

export type ErrorCode = keyof typeof ERRORS;
export const ErrorCode = z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]);

/** How a refusal looks in an HTTP body, a reply frame or a bus envelope. */
export const ErrorBody = z.object({
  code: ErrorCode,
  message: z.string().max(2_000),
  /** Milliseconds after which a retry makes sense. */
  retryAfterMs: z.int().min(0).optional(),
  /** What is known besides, by code; e.g. the fresh capabilities with `capabilities_mismatch`. */
  detail: z.record(z.string(), z.unknown()).optional(),
});
export type ErrorBody = z.infer<typeof ErrorBody>;

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
  return ERRORS[code][0];
}

/** @returns 4000..4999 (RFC 6455 § 7.4.2: private use), or null where the socket stays open. */
export function closeCode(code: ErrorCode): number | null {
  return ERRORS[code][1];
}

/** @returns The code that a close code stands for; undefined for close codes that are not ours. */
export function errorCodeOfClose(close: number): ErrorCode | undefined {
  return (Object.keys(ERRORS) as ErrorCode[]).find((code) => ERRORS[code][1] === close);
}

export function isRetryable(code: ErrorCode): boolean {
  return ERRORS[code][2];
}

const PUT_OUT: readonly ErrorCode[] = ["session_replaced", "peer_removed", "room_closed"];

/** Whether a session ended against its client's will: it is told so whenever it asks, and does not join anew by itself. */
export function isPutOut(code: ErrorCode): boolean {
  return PUT_OUT.includes(code);
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
