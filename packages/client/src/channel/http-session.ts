import {
  FairleadError,
  PING_INTERVAL_MS,
  type Position,
  type ServerFrame,
  SessionReplies,
} from "@fairlead/protocol";
import { parseFrame, SILENT_INTERVALS } from "./channel.ts";
import { bearer, fetchParsed, fetchSignaling, requestLeave } from "./fetch-signaling.ts";
import { FrameQueue, type SessionFrame } from "./frame-queue.ts";
import { readEvents } from "./read-events.ts";

/** Longer than signaling waits for a node (5 s), and short enough to resume within the grace time. */
const POST_TIMEOUT_MS = 7_500;

export type HttpSessionOptions = {
  /** `…/v1/sessions/{session}`. */
  url: string;
  sessionTicket: string;
  frame(frame: ServerFrame): void;
  /** @see ChannelHandlers */
  pingPosition(): Position | undefined;
  /** Called once: signaling refused, or was lost (`signaling_unreachable`, or null). */
  failed(error: unknown): void;
};

/**
 * Attaches this client to its session over HTTP: one stream of events, and one request at a time with the client's frames.
 * Frames that come meanwhile wait for the next request, which keeps their order.
 */
export class HttpSession {
  readonly #options: HttpSessionOptions;
  readonly #abort = new AbortController();
  readonly #queue = new FrameQueue();
  readonly #ticks: ReturnType<typeof setInterval>;
  #sessionTicket: string;
  /** The stream has brought the ticket of this attachment. Commands with an older ticket would be refused. */
  #isAttached = false;
  readonly #attached = Promise.withResolvers<void>();
  #isPosting = false;
  #isPinging = false;
  #silentIntervals = 0;

  /** @param position The last event that was applied: the stream continues after it. */
  constructor(options: HttpSessionOptions, position: Position) {
    this.#options = options;
    this.#sessionTicket = options.sessionTicket;
    this.#ticks = setInterval(() => this.#handleInterval(), PING_INTERVAL_MS);
    void this.#receiveEvents(position);
  }

  post(frame: SessionFrame): void {
    this.#queue.add(frame);
    void this.#postAll();
  }

  /** A ping without an answer means a lost channel. */
  checkLife(): void {
    void this.#ping();
  }

  /** Leaves the session; the request outlives the page. @throws {FairleadError} */
  async leave(): Promise<void> {
    const sessionTicket = this.#sessionTicket;
    try {
      await requestLeave(this.#options.url, sessionTicket);
    } catch (error) {
      const isOlder = error instanceof FairleadError && error.code === "session_replaced";
      // Our own attach may have overtaken this request, and its newer ticket is on its way.
      if (isOlder && !this.#isAttached) await this.#attached.promise;
      if (!isOlder || this.#sessionTicket === sessionTicket) throw error;
      await requestLeave(this.#options.url, this.#sessionTicket);
    }
  }

  /** Idempotent. */
  close(): void {
    clearInterval(this.#ticks);
    this.#abort.abort();
    this.#attached.resolve();
  }

  async #receiveEvents(position: Position): Promise<void> {
    const headers = {
      ...bearer(this.#sessionTicket),
      accept: "text/event-stream",
      "last-event-id": position,
    };
    const { signal } = this.#abort;
    try {
      const answer = await fetchSignaling(`${this.#options.url}/events?takesSeveral=true`, {
        headers,
        signal,
      });
      await readEvents(answer, (data) => this.#handleMessage(data));
      this.#fail(null);
    } catch (error) {
      this.#fail(error);
    }
  }

  #handleMessage(data: string): void {
    if (this.#abort.signal.aborted) return;
    this.#silentIntervals = 0;
    const frame = parseFrame(data);
    if (frame?.type === "pong") void this.#ping();
    if (!frame || frame.type === "pong") return;
    if (frame.type === "resumed" || frame.type === "session_ticket")
      this.#sessionTicket = frame.sessionTicket;
    this.#options.frame(frame);
    if (frame.type !== "resumed") return;
    this.#isAttached = true;
    this.#attached.resolve();
    void this.#postAll();
  }

  async #postAll(): Promise<void> {
    if (!this.#isAttached || this.#isPosting) return;
    this.#isPosting = true;
    try {
      while (!this.#queue.isEmpty && !this.#abort.signal.aborted) await this.#post(this.#queue.takeBody());
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isPosting = false;
    }
  }

  async #post(body: string): Promise<void> {
    const headers = { ...bearer(this.#sessionTicket), "content-type": "application/json" };
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(POST_TIMEOUT_MS)]);
    const request = { method: "POST", headers, signal, body };
    const { frames } = await fetchParsed(SessionReplies, `${this.#options.url}/commands`, request);
    for (const frame of frames)
      if (frame.type !== "pong" && !this.#abort.signal.aborted) this.#options.frame(frame);
  }

  #handleInterval(): void {
    if (this.#silentIntervals >= SILENT_INTERVALS) this.#fail(null);
    this.#silentIntervals += 1;
  }

  /**
   * Answers the stream's `pong`, which proves to signaling that this client still runs. A timer would not do: browsers
   * run those of a hidden tab once a minute. Nor may the ping wait behind the commands, since one of them may hang.
   */
  async #ping(): Promise<void> {
    if (!this.#isAttached || this.#isPinging) return;
    this.#isPinging = true;
    try {
      const position = this.#options.pingPosition();
      // In a frame of its own, since an older build may answer this request, which would pass over a ping's position.
      const ack = position === undefined ? [] : [{ type: "ack", position }];
      await this.#post(JSON.stringify({ frames: [{ type: "ping" }, ...ack] }));
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isPinging = false;
    }
  }

  #fail(error: FairleadError | unknown): void {
    if (this.#abort.signal.aborted) return;
    this.close();
    this.#options.failed(error);
  }
}
