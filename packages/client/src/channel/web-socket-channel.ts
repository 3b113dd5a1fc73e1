import { type ClientFrameInput, PING_INTERVAL_MS } from "@fairlead/protocol";
import { type Channel, type ChannelHandlers, LOST, parseFrame, SILENT_INTERVALS } from "./channel.ts";

/** In some networks the upgrade hangs; others let it through, but no frame after it. */
const OPEN_WITHIN_MS = 4_000;
/** A new socket that is silent for this long is sent a ping, and has as long again to answer. */
const ASK_AFTER_MS = 2_000;

/** One WebSocket with parsed frames. It sends pings, and closes when the server falls silent. */
export class WebSocketChannel implements Channel {
  readonly transport = "websocket";
  readonly #webSocket: WebSocket;
  readonly #handlers: ChannelHandlers;
  readonly #pings: ReturnType<typeof setInterval>;
  /** Cleared by the first message. */
  #deadline: ReturnType<typeof setTimeout>;
  #silentIntervals = 0;
  #isOver = false;

  constructor(url: string, handlers: ChannelHandlers) {
    this.#handlers = handlers;
    this.#webSocket = new WebSocket(url);
    this.#webSocket.onopen = () => this.#handleOpen();
    this.#webSocket.onmessage = ({ data }) => this.#handleMessage(data);
    this.#webSocket.onclose = ({ code }) => this.#finish(code);
    this.#pings = setInterval(() => this.#handleInterval(), PING_INTERVAL_MS);
    this.#deadline = setTimeout(() => this.#finish(LOST), OPEN_WITHIN_MS);
  }

  get isOpen(): boolean {
    return !this.#isOver && this.#webSocket.readyState === WebSocket.OPEN;
  }

  send(frame: ClientFrameInput): void {
    if (this.isOpen) this.#webSocket.send(JSON.stringify(frame));
  }

  close(): void {
    this.#isOver = true;
    clearInterval(this.#pings);
    clearTimeout(this.#deadline);
    this.#webSocket.close(1000);
  }

  #handleOpen(): void {
    if (this.#isOver) return;
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => {
      this.send({ type: "ping" });
      this.#deadline = setTimeout(() => this.#finish(LOST), ASK_AFTER_MS);
    }, ASK_AFTER_MS);
    this.#handlers.opened();
  }

  #handleMessage(data: unknown): void {
    if (this.#isOver) return;
    clearTimeout(this.#deadline);
    this.#silentIntervals = 0;
    const frame = parseFrame(data);
    if (frame?.type === "pong") this.#handlers.pong?.();
    else if (frame) this.#handlers.frame(frame);
  }

  #handleInterval(): void {
    if (this.#silentIntervals >= SILENT_INTERVALS) this.#finish(LOST);
    this.#silentIntervals += 1;
    this.send({ type: "ping" });
  }

  #finish(closeCode: number): void {
    if (this.#isOver) return;
    this.close();
    this.#handlers.closed(closeCode);
  }
}
