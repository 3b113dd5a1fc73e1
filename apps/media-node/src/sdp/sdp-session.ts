import type { EntityTag, Sdp } from "@fairlead/protocol";

/** A WHIP or WHEP session: an offer that was answered, and what became of it. */
export type SdpSession = {
  /** 128 random bits: the right to end it, where no bearer is asked for. */
  readonly sessionId: string;
  readonly answer: Sdp;
  readonly etag: EntityTag;
  /** Resolves once its media is gone, whoever closed it. */
  readonly ended: Promise<void>;
  readonly isClosed: boolean;
  /**
   * Trickle ICE, or an ICE restart (RFC 9725 § 4.3). A refusal leaves the session as it was.
   * @param ifMatch The header as it came; null: none.
   * @returns The tag from now on, and the new credentials after a restart.
   * @throws {FairleadError} `invalid_request`, `sdp_unprocessable`, `precondition_required`, `precondition_failed`, `sdp_session_not_found`.
   */
  patch(fragment: Sdp, ifMatch: string | null): Promise<{ etag: EntityTag; fragment?: Sdp }>;
  /** Idempotent. */
  close(): void;
};
