import { createHash } from "node:crypto";
import { type EntityTag, FairleadError, randomId, type Sdp } from "@fairlead/protocol";
import type { types } from "mediasoup";
import { readFragment, writeFragment } from "./ice-fragment.ts";
import { type IceCredentials, type Offer, refusal, type Section } from "./read-offer.ts";

export type SdpSessionOptions = {
  transport: types.WebRtcTransport;
  offer: Offer;
  answer: Sdp;
  /** The first section that was not rejected: the bundle's transport is in its name (RFC 8843 § 7.3.1). */
  tagged: Section;
  /** Nobody knows whose it is. */
  isAnonymous?: boolean;
};

/** A client that never gets through is freed after this time, ms. */
const CONNECTS_WITHIN_MS = 30_000;
/** One that nobody vouches for holds what others need for less. */
const ANONYMOUS_CONNECTS_WITHIN_MS = 10_000;
/** One whose consent expired (`iceConsentTimeout`), or whose TCP connection broke, may come back within this time, ms. */
const RETURNS_WITHIN_MS = 5_000;

/** A WHIP or WHEP session: an offer that was answered, and the transport that came of it. */
export class SdpSession {
  /** 128 random bits: the right to end it, where no bearer is asked for. */
  readonly sessionId = randomId();
  readonly answer: Sdp;
  readonly #transport: types.WebRtcTransport;
  readonly #offer: Offer;
  readonly #tagged: Section;
  readonly #ended = Promise.withResolvers<void>();
  #ice: IceCredentials;

  constructor({ transport, offer, answer, tagged, isAnonymous = false }: SdpSessionOptions) {
    this.answer = answer;
    this.#transport = transport;
    this.#offer = offer;
    this.#tagged = tagged;
    this.#ice = offer.ice;
    closeWhenGone(transport, isAnonymous ? ANONYMOUS_CONNECTS_WITHIN_MS : CONNECTS_WITHIN_MS);
    if (transport.closed) this.#ended.resolve();
    else transport.observer.once("close", () => this.#ended.resolve());
  }

  /** Of the server's credentials: another one after a restart. */
  get etag(): EntityTag {
    const { usernameFragment } = this.#transport.iceParameters;
    return `"${createHash("sha256").update(usernameFragment).digest("base64url")}"`;
  }

  get isClosed(): boolean {
    return this.#transport.closed;
  }

  /** Resolves once its media is gone, whoever closed it. */
  get ended(): Promise<void> {
    return this.#ended.promise;
  }

  /**
   * Trickle ICE, or an ICE restart (RFC 9725 § 4.3). A refusal leaves the session as it was.
   * @param ifMatch The header as it came; null: none.
   * @returns The tag from now on, and the new credentials after a restart.
   * @throws {FairleadError} `invalid_request`, `sdp_unprocessable`, `precondition_required`, `precondition_failed`, `sdp_session_not_found`.
   */
  async patch(fragment: Sdp, ifMatch: string | null): Promise<{ etag: EntityTag; fragment?: Sdp }> {
    if (this.isClosed) throw new FairleadError("sdp_session_not_found");
    if (ifMatch === null) throw new FairleadError("precondition_required");
    const { ice, mids } = readFragment(fragment);
    const isAny = ifMatch.trim() === "*";
    if (!isAny && !ifMatch.split(",").some((tag) => tag.trim() === this.etag))
      throw new FairleadError("precondition_failed");
    if (!mids.every((mid) => this.#offer.sections.some((section) => section.mid === mid)))
      throw refusal("a mid that the offer does not have");
    if (ice && ice.ufrag !== this.#ice.ufrag) return this.#restart(ice, isAny);
    if (ice && ice.pwd !== this.#ice.pwd) throw refusal("another a=ice-pwd needs another a=ice-ufrag");
    return { etag: this.etag };
  }

  /** Idempotent. */
  close(): void {
    this.#transport.close();
  }

  async #restart(ice: IceCredentials, isAny: boolean): Promise<{ etag: EntityTag; fragment: Sdp }> {
    if (!isAny) throw refusal("candidates of other credentials; an ICE restart has If-Match: *");
    try {
      await this.#transport.restartIce();
    } catch (cause) {
      throw this.isClosed ? new FairleadError("sdp_session_not_found", { cause }) : cause;
    }
    this.#ice = ice;
    return { etag: this.etag, fragment: writeFragment(this.#transport, this.#tagged) };
  }
}

/** mediasoup tells that a client is gone, and keeps its transport. */
function closeWhenGone(transport: types.WebRtcTransport, connectsWithinMs: number): void {
  const closeIn = (ms: number) => setTimeout(() => transport.close(), ms).unref();
  let patience = closeIn(connectsWithinMs);
  transport.observer.once("close", () => clearTimeout(patience));
  transport.on("icestatechange", (state) => {
    clearTimeout(patience);
    if (state === "disconnected") patience = closeIn(RETURNS_WITHIN_MS);
    else if (transport.dtlsState !== "connected") patience = closeIn(connectsWithinMs);
  });
  transport.on("dtlsstatechange", (state) => {
    if (state === "connected") clearTimeout(patience);
    if (state === "failed" || state === "closed") transport.close();
  });
}
