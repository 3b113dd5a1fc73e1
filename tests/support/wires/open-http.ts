import {
  type ClientFrame,
  type ClientFrameInput,
  ErrorAnswer,
  httpStatus,
  OpenedSession,
  PING_INTERVAL_MS,
  parse,
  parseJson,
  ServerFrame,
  SessionReplies,
} from "@fairlead/protocol";
import { readEventStream } from "./read-event-stream.ts";
import type { Wire, WireListener } from "./wire.ts";

type Queued = Extract<ClientFrame, { type: "command" | "ack" | "ping" }>;
const FRAMES_PER_REQUEST = 50;

/** Sessions by HTTP requests and a stream of server-sent events, told as a WebSocket would tell them. */
export async function openHttp(url: string, listener: WireListener): Promise<Wire> {
  const wire = new HttpWire(url, listener);
  return {
    send: (text) => wire.send(JSON.parse(text)),
    drop: () => wire.end(),
    close: () => wire.end(),
    isOpen: () => !wire.isClosed,
    isClosed: () => wire.isClosed,
  };
}

class HttpWire {
  isClosed = false;
  readonly #url: string;
  readonly #listener: WireListener;
  readonly #ending = new AbortController();
  readonly #queue: Queued[] = [];
  /** Not before the stream has brought its ticket: one of an older connection is refused. */
  #mayPost = false;
  #posting: Promise<void> | null = null;
  #session = { id: "", ticket: "" };
  #pings: ReturnType<typeof setInterval> | undefined;

  constructor(url: string, listener: WireListener) {
    this.#url = url;
    this.#listener = listener;
  }

  send(frame: ClientFrameInput): void {
    if (this.isClosed) return;
    switch (frame.type) {
      case "join": {
        const { type: _, ...join } = frame;
        void this.#guard(() => this.#join(join));
        break;
      }
      case "resume":
        this.#session = { id: sessionOf(frame.sessionTicket), ticket: frame.sessionTicket };
        void this.#guard(() => this.#readEvents(frame.position));
        break;
      default:
        this.#queue.push(frame as Queued);
        void this.#guard(() => this.#post());
    }
  }

  end(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.#pings);
    this.#ending.abort();
    this.#listener.onClose(null);
  }

  async #join(join: object): Promise<void> {
    const response = await this.#request("POST", "/v1/sessions", { body: join });
    if (!response.ok) return this.#refused(response);
    const opened = parse(OpenedSession, await response.json());
    this.#session = { id: opened.sessionId, ticket: opened.sessionTicket };
    await this.#readEvents(opened.position, { type: "joined", ...opened });
  }

  /** @param joined What the stream belongs to, told as it begins: then the connection stands, as a WebSocket does that has joined. */
  async #readEvents(position: string, joined?: ServerFrame): Promise<void> {
    const headers = { "last-event-id": position, accept: "text/event-stream" };
    const response = await this.#request("GET", this.#path("events"), { headers });
    if (!response.ok || !response.body) return this.#refused(response);
    this.#pings ??= setInterval(() => this.send({ type: "ping" }), PING_INTERVAL_MS);
    for await (const { id, data } of readEventStream(response.body)) {
      const frame = parseJson(ServerFrame, data);
      if (frame.type === "event" && id !== frame.position) throw new Error(`id ${id} of ${data}`);
      if ("sessionTicket" in frame) this.#begin(frame.sessionTicket);
      if (!joined || frame.type !== "resumed") this.#listener.onFrame(frame);
      else {
        this.#listener.onFrame(joined);
        this.#listener.onFrame({ type: "session_ticket", sessionTicket: frame.sessionTicket });
      }
    }
    // The answer to a leave is on its way beside the stream that it ended.
    await this.#posting;
    this.end();
  }

  #begin(sessionTicket: string): void {
    this.#session.ticket = sessionTicket;
    this.#mayPost = true;
    void this.#guard(() => this.#post());
  }

  async #post(): Promise<void> {
    if (this.#posting || !this.#mayPost) return;
    this.#posting = this.#postAll();
    await this.#posting.finally(() => {
      this.#posting = null;
    });
  }

  async #postAll(): Promise<void> {
    while (this.#queue.length > 0 && !this.isClosed) {
      const frames = this.#queue.splice(0, FRAMES_PER_REQUEST);
      const response = await this.#request("POST", this.#path("commands"), { body: { frames } });
      if (!response.ok) return this.#refused(response);
      for (const frame of parse(SessionReplies, await response.json()).frames) this.#listener.onFrame(frame);
    }
  }

  #path(what: "events" | "commands"): string {
    return `/v1/sessions/${this.#session.id}/${what}`;
  }

  #request(
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> },
  ): Promise<Response> {
    const { ticket } = this.#session;
    return fetch(`${this.#url}${path}`, {
      method,
      headers: {
        ...(ticket && path !== "/v1/sessions" ? { authorization: `Bearer ${ticket}` } : {}),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      body: JSON.stringify(body),
      signal: this.#ending.signal,
    });
  }

  async #refused(response: Response): Promise<void> {
    const { error } = parse(ErrorAnswer, await response.json());
    if (response.status !== httpStatus(error.code)) throw new Error(`${response.status} with ${error.code}`);
    this.#listener.onFrame({ type: "error", error });
  }

  /** A request that broke is the end of the connection, as it is of a WebSocket. */
  async #guard(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (!this.isClosed && !(error instanceof TypeError)) console.error(error);
      this.end();
    }
  }
}

/** The claims are read, not verified: a client does not have the key. */
function sessionOf(ticket: string): string {
  const [, claims = ""] = ticket.split(".");
  try {
    return JSON.parse(Buffer.from(claims, "base64url").toString()).session;
  } catch {
    return "unreadable";
  }
}
