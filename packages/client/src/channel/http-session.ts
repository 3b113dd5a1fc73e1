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
/** The node takes its time to answer it, and nothing needs to wait for the answer. */
const LONG_POLL = "data_producer.await";
/** With the stream, the commands and a ping they make six, as many as a browser opens to a host over HTTP/1.1. */
const LONG_POLL_REQUESTS = 3;

/** Frames that wait for a request, and the number of their requests that are on their way. */
type Lane = { queue: FrameQueue; requests: number; atOnce: number };

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
 * Frames that come meanwhile wait for the next request, which keeps their order. Long polls go in requests beside it: the node
 * starts commands by their ids, in whatever order they arrive.
 */
export class HttpSession {
  readonly #options: HttpSessionOptions;
  readonly #abort = new AbortController();
  readonly #frames: Lane = { queue: new FrameQueue(), requests: 0, atOnce: 1 };
  readonly #polls: Lane = { queue: new FrameQueue(), requests: 0, atOnce: LONG_POLL_REQUESTS };
  readonly #ticks: ReturnType<typeof setInterval>;
  #sessionTicket: string;
  /** The stream has brought the ticket of this attachment. Commands with an older ticket would be refused. */
  #isAttached = false;
  readonly #attached = Promise.withResolvers<void>();
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
    const isPoll = frame.type === "command" && frame.name === LONG_POLL;
    const lane = isPoll ? this.#polls : this.#frames;
    lane.queue.add(frame);
    void this.#postAll(lane);
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
    // First, since the node starts no later command before them.
    void this.#postAll(this.#polls);
    void this.#postAll(this.#frames);
  }

  async #postAll(lane: Lane): Promise<void> {
    if (!this.#isAttached || lane.requests >= lane.atOnce) return;
    lane.requests += 1;
    try {
      while (!lane.queue.isEmpty && !this.#abort.signal.aborted) await this.#post(lane.queue.takeBody());
    } catch (error) {
      this.#fail(error);
    } finally {
      lane.requests -= 1;
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
