import { type ClientFrameInput, PING_INTERVAL_MS, ServerFrame } from "@fairlead/protocol";

export type SocketHandlers = {
  opened(): void;
  frame(frame: ServerFrame): void;
  /** Once, whatever the cause. `closeCode` 1006: lost without a farewell, or silent for too long. */
  closed(closeCode: number): void;
};

/** Intervals without any frame, though we ping in each, after which a socket is dead to us. */
const SILENT_INTERVALS = 2;

/** One WebSocket with parsed frames, kept warm by pings, and closed by us when it falls silent. */
export class Socket {
  readonly #webSocket: WebSocket;
  readonly #handlers: SocketHandlers;
  readonly #pings: ReturnType<typeof setInterval>;
  #silentIntervals = 0;
  #isOver = false;

  constructor(url: string, handlers: SocketHandlers) {
    this.#handlers = handlers;
    this.#webSocket = new WebSocket(url);
    this.#webSocket.onopen = () => this.#isOver || handlers.opened();
    this.#webSocket.onmessage = ({ data }) => this.#handleMessage(data);
    this.#webSocket.onclose = ({ code }) => this.#finish(code);
    this.#pings = setInterval(() => this.#handleInterval(), PING_INTERVAL_MS);
  }

  get isOpen(): boolean {
    return !this.#isOver && this.#webSocket.readyState === WebSocket.OPEN;
  }

  /** Frames for a socket that is not open are dropped: who needs them sends them again. */
  send(frame: ClientFrameInput): void {
    if (this.isOpen) this.#webSocket.send(JSON.stringify(frame));
  }

  /** Closes without a call of `closed`. */
  close(): void {
    this.#isOver = true;
    clearInterval(this.#pings);
    this.#webSocket.close(1000);
  }

  #handleMessage(data: unknown): void {
    if (this.#isOver) return;
    this.#silentIntervals = 0;
    const frame = parseFrame(data);
    if (frame && frame.type !== "pong") this.#handlers.frame(frame);
  }

  #handleInterval(): void {
    if (this.#silentIntervals >= SILENT_INTERVALS) this.#finish(1006);
    this.#silentIntervals += 1;
    this.send({ type: "ping" });
  }

  #finish(closeCode: number): void {
    if (this.#isOver) return;
    this.close();
    this.#handlers.closed(closeCode);
  }
}

/** @returns Undefined for what this version does not know: a newer server may say more. */
function parseFrame(data: unknown): ServerFrame | undefined {
  try {
    return ServerFrame.safeParse(JSON.parse(String(data))).data;
  } catch {
    return undefined;
  }
}
