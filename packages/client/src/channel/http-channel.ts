import {
  type ClientFrameInput,
  closeCode,
  ERRORS,
  FairleadError,
  OpenedSession,
  type ServerFrame,
  toErrorBody,
} from "@fairlead/protocol";
import { type Channel, type ChannelHandlers, LOST } from "./channel.ts";
import { fetchParsed } from "./fetch-signaling.ts";
import { HttpSession } from "./http-session.ts";

type Frame<T extends ClientFrameInput["type"]> = Extract<ClientFrameInput, { type: T }>;

export type HttpChannelOptions = {
  /** Base URL of signaling, `http(s)`. */
  url: string;
  /** The session that a `resume` names. */
  sessionId: () => string;
};

/**
 * Carries frames over plain HTTP where no WebSocket gets through. `join` is `POST /v1/sessions`. Both `join` and `resume` open
 * the stream of events. `session.leave` is `DELETE`. Every other frame is posted to the session.
 */
export class HttpChannel implements Channel {
  readonly transport = "http";
  readonly #options: HttpChannelOptions;
  readonly #handlers: ChannelHandlers;
  /** Aborts the request of the present join. */
  #joining: AbortController | null = null;
  #session: HttpSession | null = null;
  #isOver = false;

  constructor(options: HttpChannelOptions, handlers: ChannelHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    queueMicrotask(() => this.#isOver || handlers.opened());
  }

  get url(): string {
    return this.#options.url;
  }

  get isOpen(): boolean {
    return !this.#isOver;
  }

  checkLife(): void {
    this.#session?.checkLife();
  }

  send(frame: ClientFrameInput): void {
    if (this.#isOver) return;
    if (frame.type === "join") void this.#join(frame);
    else if (frame.type === "resume") this.#resume(frame);
    else if (frame.type === "command" && frame.name === "session.leave") void this.#leave(frame.id);
    else this.#session?.post(frame);
  }

  close(): void {
    this.#isOver = true;
    this.#forget();
  }

  async #join({ type: _, ...request }: Frame<"join">): Promise<void> {
    this.#forget();
    const joining = new AbortController();
    this.#joining = joining;
    const headers = { "content-type": "application/json" };
    const body = JSON.stringify(request);
    try {
      const { signal } = joining;
      const url = `${this.#options.url}/v1/sessions`;
      const opened = await fetchParsed(OpenedSession, url, { method: "POST", headers, body, signal });
      if (joining.signal.aborted) return;
      const { sessionId, sessionTicket, position } = opened;
      // Open the stream first: our owner may send frames as soon as it hears of the join.
      this.#session = this.#attach({ sessionId, sessionTicket, position, hasJoined: true });
      this.#handlers.frame({ type: "joined", ...opened });
    } catch (error) {
      if (!joining.signal.aborted) this.#handleFailure(error);
    }
  }

  #resume({ sessionTicket, position }: Frame<"resume">): void {
    this.#forget();
    const sessionId = this.#options.sessionId();
    this.#session = this.#attach({ sessionId, sessionTicket, position, hasJoined: false });
  }

  #attach(to: {
    sessionId: string;
    sessionTicket: string;
    position: string;
    hasJoined: boolean;
  }): HttpSession {
    const { sessionId, sessionTicket, position, hasJoined } = to;
    const options = {
      url: `${this.#options.url}/v1/sessions/${sessionId}`,
      sessionTicket,
      frame: (frame: ServerFrame) => this.#handleFrame(frame, hasJoined),
      pingPosition: () => this.#handlers.pingPosition?.(),
      failed: (error: unknown) => this.#handleFailure(error),
    };
    return new HttpSession(options, position);
  }

  async #leave(id: number): Promise<void> {
    try {
      await this.#session?.leave();
      if (!this.#isOver) this.#handlers.frame({ type: "reply", id, ok: true, data: {} });
    } catch {
      // The node ends the session after its grace time.
    }
  }

  #handleFrame(frame: ServerFrame, hasJoined: boolean): void {
    if (frame.type === "error") this.#refuse(new FairleadError(frame.error.code, frame.error));
    // The owner has its `joined` already; for it, the stream of events that opened now only brings a newer ticket.
    else if (frame.type === "resumed" && hasJoined)
      this.#handlers.frame({ type: "session_ticket", sessionTicket: frame.sessionTicket });
    else this.#handlers.frame(frame);
  }

  #handleFailure(error: unknown): void {
    if (isRefusal(error)) this.#refuse(error);
    else this.#finish(LOST, error ?? "the stream of events ended");
  }

  /** As on a WebSocket: reports the error, then closes if its code says so, or if the owner does not start over on this channel. */
  #refuse(error: FairleadError): void {
    const refused = this.#session;
    refused?.close();
    this.#handlers.frame({ type: "error", error: toErrorBody(error) });
    const isIdle = refused !== null && this.#session === refused;
    const code = closeCode(error.code) ?? (isIdle ? LOST : null);
    if (code !== null) this.#finish(code);
  }

  #finish(code: number, cause?: unknown): void {
    if (this.#isOver) return;
    this.close();
    this.#handlers.closed(code, cause);
  }

  #forget(): void {
    this.#joining?.abort();
    this.#session?.close();
    this.#session = null;
  }
}

/** A server without our routes is not signaling: the channel is lost rather than refused. */
function isRefusal(error: unknown): error is FairleadError {
  return error instanceof FairleadError && ERRORS[error.code].ends !== "route";
}
