import { type ClientFrameInput, errorCodeOfClose } from "@fairlead/protocol";
import type { JoinOptions, SignalingTransport } from "../api/options.ts";
import type { Channel, ChannelHandlers, OpenChannel } from "./channel.ts";
import type { TransportMemory } from "./transport-memory.ts";

export type ChannelOpenerOptions = {
  open: Record<SignalingTransport, OpenChannel>;
  transport: NonNullable<JoinOptions["transport"]>;
  memory: TransportMemory;
  /** 0..1 */
  random: () => number;
};

/** While on HTTP, the first try for a WebSocket comes after this time; the delay then doubles up to `LAST_TRY_MS`. */
const FIRST_TRY_MS = 30_000;
const LAST_TRY_MS = 600_000;
/** The first try if a WebSocket has worked on this page: the fault may soon pass. */
const SOON_MS = 5_000;

/** Opens channels to signaling by the transport that the app allows and that has worked. */
export class ChannelOpener {
  readonly #options: ChannelOpenerOptions;
  #first: SignalingTransport;
  #webSocketWorked = false;

  constructor(options: ChannelOpenerOptions) {
    this.#options = options;
    const { transport, memory } = options;
    if (transport !== "auto") this.#first = transport;
    else this.#first = memory.needsHttp ? "http" : "websocket";
  }

  /** Opens the transport that worked last; with `auto`, falls back to the other one if nobody answers. */
  open(handlers: ChannelHandlers): Channel {
    const { transport, open } = this.#options;
    const [first, other] = this.#first === "http" ? [open.http, open.websocket] : [open.websocket, open.http];
    return transport === "auto" ? new AutoChannel([first, other], handlers) : first(handlers);
  }

  openWebSocket(handlers: ChannelHandlers): Channel {
    return this.#options.open.websocket(handlers);
  }

  /** A session was joined or resumed by this transport. */
  handleWorked(transport: SignalingTransport): void {
    this.#first = transport;
    this.#webSocketWorked ||= transport === "websocket";
    if (this.#options.transport !== "auto") return;
    // HTTP after a WebSocket on the same page most likely means a passing fault, not a network without WebSockets.
    if (transport === "websocket" || !this.#webSocketWorked)
      this.#options.memory.remember(transport === "http");
  }

  /** @param attempt From 0. @returns Milliseconds until a session on HTTP tries for a WebSocket; null: never. */
  upgradeDelayMs(attempt: number): number | null {
    const { transport, random } = this.#options;
    if (transport !== "auto") return null;
    const baseMs = this.#webSocketWorked ? SOON_MS : FIRST_TRY_MS;
    return Math.min(LAST_TRY_MS, baseMs * 2 ** Math.min(attempt, 30)) * (1 - random() / 4);
  }
}

/** Opens one channel, and falls back to the next kind when nobody answers on it. */
class AutoChannel implements Channel {
  readonly #handlers: ChannelHandlers;
  readonly #fallbacks: OpenChannel[];
  #channel: Channel;
  #isAnswered = false;

  constructor([first, ...fallbacks]: readonly [OpenChannel, ...OpenChannel[]], handlers: ChannelHandlers) {
    this.#handlers = handlers;
    this.#fallbacks = fallbacks;
    this.#channel = this.#open(first);
  }

  get transport(): SignalingTransport {
    return this.#channel.transport;
  }

  get url(): string {
    return this.#channel.url;
  }

  get isOpen(): boolean {
    return this.#channel.isOpen;
  }

  checkLife(): void {
    this.#channel.checkLife?.();
  }

  send(frame: ClientFrameInput): void {
    this.#channel.send(frame);
  }

  close(): void {
    this.#channel.close();
  }

  #open(open: OpenChannel): Channel {
    const { opened, frame, closed, pingPosition } = this.#handlers;
    return open({
      opened,
      pingPosition,
      frame: (received) => {
        this.#isAnswered = true;
        frame(received);
      },
      closed: (closeCode, cause) => {
        const fallback = this.#fallbacks[0];
        const isAnswer = this.#isAnswered || errorCodeOfClose(closeCode) !== undefined;
        if (isAnswer || !fallback) closed(closeCode, cause);
        else {
          this.#fallbacks.shift();
          this.#channel = this.#open(fallback);
        }
      },
    });
  }
}
