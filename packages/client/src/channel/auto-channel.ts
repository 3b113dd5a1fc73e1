import { type ClientFrameInput, errorCodeOfClose } from "@fairlead/protocol";
import type { SignalingTransport } from "../api/options.ts";
import type { Channel, ChannelHandlers, OpenChannel } from "./channel.ts";

/** Opens one channel, and falls back to the next kind when nobody answers on it. */
export class AutoChannel implements Channel {
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

  get isOpen(): boolean {
    return this.#channel.isOpen;
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
      closed: (closeCode) => {
        const fallback = this.#fallbacks[0];
        const isAnswer = this.#isAnswered || errorCodeOfClose(closeCode) !== undefined;
        if (isAnswer || !fallback) closed(closeCode);
        else {
          this.#fallbacks.shift();
          this.#channel = this.#open(fallback);
        }
      },
    });
  }
}
