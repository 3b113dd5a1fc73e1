import type { ClientFrameInput, FairleadError, Position, ServerFrame } from "@fairlead/protocol";
import type { ReconnectPolicy } from "../api/options.ts";
import type { ChannelOpener } from "../channel/channel-opener.ts";
import type { RunningClock } from "../running-clock.ts";

/** The answer to an opening frame. */
export type SessionAnswer = Extract<ServerFrame, { type: "joined" | "resumed" }>;

/** The owner of a connection. */
export type ConnectionHandlers = {
  /** Builds the first frame of a channel: `join` or `resume`. */
  openingFrame(): ClientFrameInput;
  live(frame: SessionAnswer): void;
  frame(frame: ServerFrame): void;
  /** What a ping on the channel with the session acknowledges. */
  pingPosition(): Position | undefined;
  /** The channel is lost. The connection tries again by itself. */
  away(): void;
  /**
   * The owner answers with `requestSession()`, `retry(error)` or `end(error)`. `wasLive`: a session that was live has ended;
   * else a join or resume was refused.
   */
  refused(error: FairleadError, wasLive: boolean): void;
  ended(error: FairleadError): void;
};

export type ConnectionOptions = {
  opener: ChannelOpener;
  policy: ReconnectPolicy;
  clock: RunningClock;
  random: () => number;
  handlers: ConnectionHandlers;
};
