import type { ClientFrameInput, ServerFrame } from "@fairlead/protocol";
import type { SignalingTransport } from "../api/options.ts";
import type { Channel, ChannelHandlers, OpenChannel } from "../channel/channel.ts";

/** A channel with the test at its other end. */
export class ScriptedChannel implements Channel {
  readonly transport: SignalingTransport;
  readonly url = "https://meet.example";
  readonly sent: ClientFrameInput[] = [];
  state: "opening" | "open" | "closed" = "opening";
  readonly #handlers: ChannelHandlers;

  constructor(transport: SignalingTransport, handlers: ChannelHandlers) {
    this.transport = transport;
    this.#handlers = handlers;
  }

  get isOpen(): boolean {
    return this.state === "open";
  }

  send(frame: ClientFrameInput): void {
    if (this.isOpen) this.sent.push(frame);
  }

  close(): void {
    this.state = "closed";
  }

  open(): void {
    this.state = "open";
    this.#handlers.opened();
  }

  say(frame: ServerFrame): void {
    if (!this.isOpen) return;
    if (frame.type === "pong") this.#handlers.pong?.();
    else this.#handlers.frame(frame);
  }

  /** What a ping that is sent now acknowledges. */
  pingPosition(): string | undefined {
    return this.#handlers.pingPosition?.();
  }

  /** The other end closes the channel. */
  end(closeCode: number): void {
    if (this.state === "closed") return;
    this.close();
    this.#handlers.closed(closeCode);
  }
}

/** Opens scripted channels, and keeps them in the order in which they were opened. */
export class ScriptedChannels {
  readonly all: ScriptedChannel[] = [];
  readonly open: Record<SignalingTransport, OpenChannel> = {
    websocket: (handlers) => this.#add(new ScriptedChannel("websocket", handlers)),
    http: (handlers) => this.#add(new ScriptedChannel("http", handlers)),
  };

  get last(): ScriptedChannel {
    const last = this.all.at(-1);
    if (!last) throw new Error("no channel yet");
    return last;
  }

  /** The transports that were opened so far. */
  get transports(): SignalingTransport[] {
    return this.all.map(({ transport }) => transport);
  }

  #add(channel: ScriptedChannel): ScriptedChannel {
    this.all.push(channel);
    return channel;
  }
}

/** A `localStorage` in memory. */
export function memoryStore() {
  const items = new Map<string, string>();
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  };
}
