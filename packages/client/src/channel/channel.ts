import type { ClientFrameInput, ServerFrame } from "@fairlead/protocol";
import type { SignalingTransport } from "../api/options.ts";

export type ChannelHandlers = {
  /**
   * Ready for `join` or `resume`. Comes again when the channel had to begin anew another way, before anybody answered: then
   * it has to be said again.
   */
  opened(): void;
  /** Never a `pong`: the channel keeps itself warm. */
  frame(frame: ServerFrame): void;
  /** For who asked with a `ping` whether anybody is there. */
  pong?(): void;
  /** Once, whatever the cause. `closeCode` 1006: lost without a farewell, or silent for too long. */
  closed(closeCode: number): void;
};

/** The client's end of a connection to signaling, whatever carries it. It keeps itself warm. */
export type Channel = {
  readonly transport: SignalingTransport;
  readonly isOpen: boolean;
  /** Frames for a channel that is not open are dropped: who needs them sends them again. */
  send(frame: ClientFrameInput): void;
  /** Closes without a call of `closed`. Idempotent. */
  close(): void;
};

/** No handler is called before it returns. */
export type OpenChannel = (handlers: ChannelHandlers) => Channel;

/** RFC 6455 § 7.1.5: closed without a word. */
export const LOST = 1006;
/** Intervals without any frame, though we ping in each, after which a channel is dead to us. */
export const SILENT_INTERVALS = 2;
