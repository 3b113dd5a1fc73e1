import { type ErrorBody, errorCodeOfClose, parseJson, ServerFrame } from "@fairlead/protocol";
import { WebSocket } from "ws";

export type Answer =
  | { type: "frame"; frame: ServerFrame }
  | { type: "closed"; code: number; reason: string; error: ErrorBody | null };

const PATIENCE_MS = 20_000;
const ACK_AFTER = 40;

/** A socket that asks one thing at a time, checks every frame by its schema, and keeps what a client has to know. */
export class FuzzSocket {
  readonly #socket: WebSocket;
  #waiting: ((answer: Answer) => void) | null = null;
  #isAnswer: (frame: ServerFrame) => boolean = () => false;
  #lastError: ErrorBody | null = null;
  #closed: Answer | null = null;
  #sinceAck = 0;
  position = "";
  sessionTicket = "";
  /** Of this session's consumers and data consumers, as events name them. */
  readonly consumerIds: string[] = [];
  /** Replies by command id. */
  readonly replies = new Map<number, number>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("message", (data) => this.#receive(parseJson(ServerFrame, String(data))));
    socket.on("close", (code, reason) => this.#close(code, String(reason)));
    socket.on("error", () => {});
  }

  static async open(url: string): Promise<FuzzSocket> {
    const socket = new WebSocket(`${url.replace(/^http/, "ws")}/v1/connect`, { perMessageDeflate: false });
    const opened = new FuzzSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once("open", () => resolve());
      socket.once("error", reject);
    });
    return opened;
  }

  get isOpen(): boolean {
    return this.#closed === null && this.#socket.readyState === WebSocket.OPEN;
  }

  /**
   * @param isAnswer Which frame is the one; an `error` frame and the socket's end always are.
   * @throws {Error} Nothing came within 20 s.
   */
  async ask(data: string | Uint8Array, isAnswer: (frame: ServerFrame) => boolean): Promise<Answer> {
    if (this.#closed) return this.#closed;
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const timer = setTimeout(() => reject(new Error("no answer")), PATIENCE_MS);
    this.#waiting = resolve;
    this.#isAnswer = isAnswer;
    this.#socket.send(data);
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting = null;
    });
  }

  /** For frames that have no answer. */
  sendText(text: string): void {
    this.#socket.send(text);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Resolves once the socket is closed. @returns RFC 6455's close code. */
  async closed(): Promise<number> {
    if (this.#closed?.type === "closed") return this.#closed.code;
    return new Promise((resolve) => this.#socket.once("close", resolve));
  }

  #receive(frame: ServerFrame): void {
    if ("sessionTicket" in frame) this.sessionTicket = frame.sessionTicket;
    if (frame.type === "joined") this.position = frame.position;
    if (frame.type === "reply") this.replies.set(frame.id, (this.replies.get(frame.id) ?? 0) + 1);
    if (frame.type === "event") this.#note(frame);
    if (frame.type === "error") {
      this.#lastError = frame.error;
      // An error with a close code also closes the socket, so that both can be compared.
      if (errorCodesThatClose.has(frame.error.code)) return;
    }
    if (frame.type === "error" || this.#isAnswer(frame)) this.#waiting?.({ type: "frame", frame });
  }

  #note({ position, event }: Extract<ServerFrame, { type: "event" }>): void {
    this.position = position;
    if (event.name === "consumers.created")
      for (const { consumerId } of event.data.consumers) this.consumerIds.push(consumerId);
    this.#sinceAck += 1;
    if (this.#sinceAck < ACK_AFTER) return;
    this.#sinceAck = 0;
    if (this.isOpen) this.#socket.send(JSON.stringify({ type: "ack", position }));
  }

  #close(code: number, reason: string): void {
    this.#closed = { type: "closed", code, reason, error: this.#lastError };
    this.#waiting?.(this.#closed);
  }
}

const errorCodesThatClose = new Set(
  Array.from({ length: 1_000 }, (_, index) => errorCodeOfClose(4_000 + index)).filter(
    (code) => code !== undefined,
  ),
);
