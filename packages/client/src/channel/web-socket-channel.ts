import { type ClientFrameInput, PING_INTERVAL_MS } from "@fairlead/protocol";
import { afterAwake } from "../running-clock.ts";
import { type Channel, type ChannelHandlers, LOST, parseFrame, SILENT_INTERVALS } from "./channel.ts";

/** In some networks the upgrade hangs; others let it through, but no frame after it. */
const OPEN_WITHIN_MS = 4_000;
/** A new socket that is silent for this long is sent a ping, and has as long again to answer. */
const ASK_AFTER_MS = 2_000;
const SILENT = "the WebSocket fell silent";

/** One WebSocket with parsed frames. It sends pings, and closes when the server falls silent. */
export class WebSocketChannel implements Channel {
  readonly transport = "websocket";
  readonly url: string;
  readonly #webSocket: WebSocket;
  readonly #handlers: ChannelHandlers;
  readonly #pings: ReturnType<typeof setInterval>;
  /** Called by the first message. */
  #cancelDeadline: () => void;
  #sentAtMs = performance.now();
  #silentIntervals = 0;
  #isOver = false;

  constructor(url: string, handlers: ChannelHandlers) {
    this.url = url;
    this.#handlers = handlers;
    this.#webSocket = new WebSocket(url);
    this.#webSocket.onopen = () => this.#handleOpen();
    this.#webSocket.onmessage = ({ data }) => this.#handleMessage(data);
    this.#webSocket.onclose = ({ code, reason }) =>
      this.#finish(code, `the WebSocket closed with ${code}${reason && ` (${reason})`}`);
    this.#pings = setInterval(() => this.#handleInterval(), PING_INTERVAL_MS);
    this.#cancelDeadline = afterAwake(OPEN_WITHIN_MS, () =>
      this.#finish(LOST, `no WebSocket within ${OPEN_WITHIN_MS} ms`),
    );
  }

  get isOpen(): boolean {
    return !this.#isOver && this.#webSocket.readyState === WebSocket.OPEN;
  }

  send(frame: ClientFrameInput): void {
    if (!this.isOpen) return;
    this.#sentAtMs = performance.now();
    this.#webSocket.send(JSON.stringify(frame));
  }

  close(): void {
    this.#isOver = true;
    clearInterval(this.#pings);
    this.#cancelDeadline();
    this.#webSocket.close(1000);
  }

  #handleOpen(): void {
    if (this.#isOver) return;
    this.#cancelDeadline();
    this.#cancelDeadline = afterAwake(ASK_AFTER_MS, () => this.checkLife());
    this.#handlers.opened();
  }

  checkLife(): void {
    if (!this.isOpen) return;
    this.#cancelDeadline();
    this.#ping();
    this.#cancelDeadline = afterAwake(ASK_AFTER_MS, () => this.#finish(LOST, SILENT));
  }

  #handleMessage(data: unknown): void {
    if (this.#isOver) return;
    this.#cancelDeadline();
    this.#silentIntervals = 0;
    this.#proveLife();
    const frame = parseFrame(data);
    if (frame?.type === "pong") this.#handlers.pong?.();
    else if (frame) this.#handlers.frame(frame);
  }

  /**
   * Answers a frame of the server if nothing was sent for a while. Browsers run the timers of a hidden tab, and so the pings of a
   * peer that only watches, once a minute; signaling closes a socket that is silent for half of that.
   */
  #proveLife(): void {
    if (performance.now() - this.#sentAtMs >= PING_INTERVAL_MS) this.#ping();
  }

  #handleInterval(): void {
    if (this.#silentIntervals >= SILENT_INTERVALS) this.#finish(LOST, SILENT);
    this.#silentIntervals += 1;
    this.#ping();
  }

  #ping(): void {
    if (this.isOpen) this.send({ type: "ping", position: this.#handlers.pingPosition?.() });
  }

  #finish(closeCode: number, cause: string): void {
    if (this.#isOver) return;
    this.close();
    this.#handlers.closed(closeCode, cause);
  }
}
