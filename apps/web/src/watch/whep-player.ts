import type { ErrorCode } from "@fairlead/client";
import { pause } from "../broadcast/pause.ts";
import { deleteSession, postOffer, type SdpSession } from "../broadcast/sdp-exchange.ts";
import { sumOf, untilSilent } from "../broadcast/until-silent.ts";

export type WhepState = "connecting" | "waiting" | "live" | "interrupted";

type WhepPlayerOptions = {
  url: string;
  /** A viewer's ticket. */
  bearer: string;
  /** Gets a fresh one when that has expired; undefined: there is none. */
  renewBearer: () => Promise<string | undefined>;
  /** Nothing more will come. */
  onEnded: (code: ErrorCode, message: string) => void;
};

/** A broadcast that has moved is found again by a new POST. Sound alone brings 50 packets a second. */
const SILENT_MS = 800;
/** For ICE, DTLS and a first packet. */
const START_MS = 5_000;
const RETRY_MS = 500;
/** A broadcast that moves is back within seconds: so long after its loss the player asks often, whatever the server says. */
const EAGER_MS = 4_000;
const EAGER_RETRY_MS = 300;
const RETRY_MAX_MS = 5_000;
/** A server that serves many kinds of players at once has no room for one more for a while: with 406 too. */
const UNACCEPTABLE_RETRIES = 5;

/** Statuses after which asking again brings nothing else. */
const ENDS: Record<number, ErrorCode> = {
  401: "ticket_expired",
  403: "hook_refused",
  404: "broadcast_not_found",
  406: "not_acceptable",
  410: "broadcast_ended",
};

/**
 * Plays a broadcast by WHEP, as any client of that protocol may: no SDK, one POST for each connection. A connection that brings nothing any more is
 * given up at once for a new one.
 */
export class WhepPlayer {
  readonly #options: WhepPlayerOptions;
  readonly #closing = new AbortController();
  readonly #listeners = new Set<() => void>();
  #bearer: string;
  #state: WhepState = "connecting";
  #stream: MediaStream | null = null;
  #unacceptable = 0;

  constructor(options: WhepPlayerOptions) {
    this.#options = options;
    this.#bearer = options.bearer;
  }

  getState = (): WhepState => this.#state;

  /** The media of the connection in use. */
  getStream = (): MediaStream | null => this.#stream;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Plays until the end. Called once. */
  async run(): Promise<void> {
    let delayMs = RETRY_MS;
    let eagerUntilMs = 0;
    while (!this.#isClosed) {
      const outcome = await this.#playOnce();
      if (outcome.state === "ended") {
        const isRenewed = outcome.code === "ticket_expired" && (await this.#renew());
        if (!isRenewed) return this.#end(outcome.code);
      } else if (outcome.state === "played") {
        delayMs = RETRY_MS;
        eagerUntilMs = performance.now() + EAGER_MS;
      } else if (outcome.state === "failed" && performance.now() < eagerUntilMs)
        await this.#waitToRetry(EAGER_RETRY_MS);
      else {
        await this.#waitToRetry(Math.max(delayMs, outcome.retryAfterMs ?? 0));
        delayMs = Math.min(delayMs * 1.5, RETRY_MAX_MS);
      }
    }
  }

  async #renew(): Promise<boolean> {
    const fresh = await this.#options.renewBearer();
    const isFresh = fresh !== undefined && fresh !== this.#bearer;
    this.#bearer = fresh ?? this.#bearer;
    return isFresh;
  }

  close(): void {
    this.#closing.abort();
  }

  get #isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  async #playOnce(): Promise<Outcome> {
    const connection = new RTCPeerConnection();
    let session: SdpSession | undefined;
    try {
      for (const kind of ["video", "audio"]) connection.addTransceiver(kind, { direction: "recvonly" });
      await connection.setLocalDescription();
      const offer = connection.localDescription?.sdp ?? "";
      const exchange = await postOffer(this.#options.url, this.#bearer, offer, this.#closing.signal);
      if (exchange.state === "refused") return this.#handleRefusal(exchange);
      if (exchange.state === "unreachable") return { state: "failed", retryAfterMs: undefined };
      session = exchange.session;
      await connection.setRemoteDescription({ type: "answer", sdp: session.answer });
      return (await this.#untilLost(connection))
        ? { state: "played" }
        : { state: "failed", retryAfterMs: undefined };
    } finally {
      if (session) deleteSession(session, this.#bearer);
      connection.close();
    }
  }

  #handleRefusal({ status, retryAfterMs }: { status: number; retryAfterMs: number | undefined }): Outcome {
    const code = ENDS[status];
    if (code === "not_acceptable" && this.#unacceptable < UNACCEPTABLE_RETRIES) {
      this.#unacceptable += 1;
      return { state: "unacceptable", retryAfterMs };
    }
    if (code) return { state: "ended", code };
    if (status === 409) this.#set(this.#stream ? "interrupted" : "waiting");
    return { state: "failed", retryAfterMs };
  }

  /** @returns Whether anything came before. */
  #untilLost(connection: RTCPeerConnection): Promise<boolean> {
    return untilSilent(connection, {
      arrived: (report) => sumOf(report, "inbound-rtp", "packetsReceived"),
      onFirst: () => this.#show(connection),
      silentMs: SILENT_MS,
      startMs: START_MS,
      signal: this.#closing.signal,
    });
  }

  #show(connection: RTCPeerConnection): void {
    this.#stream = new MediaStream(connection.getReceivers().map(({ track }) => track));
    this.#unacceptable = 0;
    this.#set("live");
  }

  #set(state: WhepState): void {
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  #end(code: ErrorCode): void {
    if (!this.#isClosed) this.#options.onEnded(code, "");
  }

  async #waitToRetry(delayMs: number): Promise<void> {
    // Many viewers lose a broadcast in the same moment.
    await pause(delayMs * (0.75 + Math.random() / 2), this.#closing.signal);
  }
}

type Outcome =
  | { state: "played" }
  | { state: "failed" | "unacceptable"; retryAfterMs: number | undefined }
  | { state: "ended"; code: ErrorCode };
