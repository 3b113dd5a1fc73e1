import { type ClientFrameInput, errorCodeOfClose } from "@fairlead/protocol";
import type { SignalingTransport } from "../api/options.ts";
import type { Channel, ChannelHandlers, OpenChannel } from "./channel.ts";

/** A channel that goes another way when nobody answers on the first. */
export class AutoChannel implements Channel {
  readonly #handlers: ChannelHandlers;
  readonly #others: OpenChannel[];
  #channel: Channel;
  #isAnswered = false;

  constructor([first, ...others]: readonly [OpenChannel, ...OpenChannel[]], handlers: ChannelHandlers) {
    this.#handlers = handlers;
    this.#others = others;
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

  #open(way: OpenChannel): Channel {
    const { opened, frame, closed } = this.#handlers;
    return way({
      opened,
      frame: (received) => {
        this.#isAnswered = true;
        frame(received);
      },
      closed: (closeCode) => {
        const other = this.#others[0];
        const isWord = this.#isAnswered || errorCodeOfClose(closeCode) !== undefined;
        if (isWord || !other) closed(closeCode);
        else {
          this.#others.shift();
          this.#channel = this.#open(other);
        }
      },
    });
  }
}
