import type { JoinOptions, SignalingTransport } from "../api/options.ts";
import { AutoChannel } from "./auto-channel.ts";
import type { Channel, ChannelHandlers, OpenChannel } from "./channel.ts";
import type { TransportMemory } from "./transport-memory.ts";

export type WaysOptions = {
  open: Record<SignalingTransport, OpenChannel>;
  transport: NonNullable<JoinOptions["transport"]>;
  memory: TransportMemory;
  /** 0..1 */
  random: () => number;
};

/** Tries for a WebSocket while on HTTP: the first after this time, doubled each time up to the maximum, ms. */
const FIRST_TRY_MS = 30_000;
const LAST_TRY_MS = 600_000;
/** The first one where a WebSocket has worked on this page: it may have been a passing fault. */
const SOON_MS = 5_000;

/** By which way signaling is reached: what the app wants, and what has worked. */
export class Ways {
  readonly #options: WaysOptions;
  #first: SignalingTransport;
  #webSocketWorked = false;

  constructor(options: WaysOptions) {
    this.#options = options;
    const { transport, memory } = options;
    if (transport !== "auto") this.#first = transport;
    else this.#first = memory.needsHttp ? "http" : "websocket";
  }

  /** What worked last, and with `auto` the other way if nobody answers there. */
  open(handlers: ChannelHandlers): Channel {
    const { transport, open } = this.#options;
    const [first, other] = this.#first === "http" ? [open.http, open.websocket] : [open.websocket, open.http];
    return transport === "auto" ? new AutoChannel([first, other], handlers) : first(handlers);
  }

  openWebSocket(handlers: ChannelHandlers): Channel {
    return this.#options.open.websocket(handlers);
  }

  /** A session was joined or resumed that way. */
  handleWorked(transport: SignalingTransport): void {
    this.#first = transport;
    this.#webSocketWorked ||= transport === "websocket";
    if (this.#options.transport !== "auto") return;
    // HTTP after a WebSocket on the same page says little about the network.
    if (transport === "websocket" || !this.#webSocketWorked)
      this.#options.memory.remember(transport === "http");
  }

  /** @returns Milliseconds until a session on HTTP tries for a WebSocket, the `attempt`th time from 0; null: never. */
  upgradeDelayMs(attempt: number): number | null {
    const { transport, random } = this.#options;
    if (transport !== "auto") return null;
    const baseMs = this.#webSocketWorked ? SOON_MS : FIRST_TRY_MS;
    return Math.min(LAST_TRY_MS, baseMs * 2 ** Math.min(attempt, 30)) * (1 - random() / 4);
  }
}
