import { type ClientFrameInput, type Position, ServerFrame } from "@fairlead/protocol";
import type { SignalingTransport } from "../api/options.ts";

export type ChannelHandlers = {
  /**
   * The channel is ready for `join` or `resume`. Called again if nobody answered and the channel fell back to another
   * transport: the owner must then send its opening frame once more.
   */
  opened(): void;
  /** Called for every frame except `pong`, which the channel handles itself. */
  frame(frame: ServerFrame): void;
  /** What a ping that is sent now acknowledges. */
  pingPosition?(): Position | undefined;
  /** The server answered a `ping`. */
  pong?(): void;
  /**
   * Called once, whatever the cause. `closeCode` 1006: the connection broke, or was silent for too long.
   * @param cause What went wrong, as far as the channel knows.
   */
  closed(closeCode: number, cause?: unknown): void;
};

/** The client's end of a connection to signaling, over any transport. It sends its own pings. */
export type Channel = {
  readonly transport: SignalingTransport;
  /** Without query or fragment, for messages. */
  readonly url: string;
  readonly isOpen: boolean;
  /** Drops the frame if the channel is not open; the owner sends it again later if it still matters. */
  send(frame: ClientFrameInput): void;
  /** The browser says that it is offline: asks for a sign of life now, and soon closes without one. */
  checkLife?(): void;
  /** Closes without calling `closed`. Idempotent. */
  close(): void;
};

/** Calls no handler before it returns. */
export type OpenChannel = (handlers: ChannelHandlers) => Channel;

/** RFC 6455 § 7.1.5: the connection broke without a close frame. */
export const LOST = 1006;
/** A channel is lost after this many ping intervals without a frame from the server. */
export const SILENT_INTERVALS = 2;

/** @returns undefined for a frame that this version does not know, as a newer server may send. */
export function parseFrame(data: unknown): ServerFrame | undefined {
  try {
    return ServerFrame.safeParse(JSON.parse(String(data))).data;
  } catch {
    return undefined;
  }
}
