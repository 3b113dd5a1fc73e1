import { type ClientFrameInput, FairleadError } from "@fairlead/protocol";
import type { Channel } from "../channel/channel.ts";
import { afterAwake } from "../running-clock.ts";

/** A resume on a new WebSocket fails after this time without an answer. */
const ANSWER_WITHIN_MS = 10_000;

type Timer = ReturnType<typeof setTimeout>;
type State =
  | { state: "off" }
  | { state: "waiting"; timer: Timer }
  | { state: "opening"; channel: Channel }
  | { state: "resuming"; channel: Channel; cancelTimeout: () => void; oldError: FairleadError | null };

type UpgradeOptions = {
  /** Until `take()`, the owner passes the frames and the end of this channel to the `handle…` methods here. */
  open: () => Channel;
  /** Milliseconds until the next try; null: never. */
  delayMs: (attempt: number) => number | null;
  /** Milliseconds. */
  now: () => number;
  /** Builds the `resume` of the live session. */
  openingFrame: () => ClientFrameInput;
  /** A resume got no answer. It may still take effect later. */
  abandoned: () => void;
  /** The new channel does not carry the session, and the old one probably no longer does either. */
  failed: (error: FairleadError) => void;
};

/**
 * Moves a session from HTTP back to a WebSocket. It tries beside the live channel, less often each time. The old channel
 * brings events until the new one has resumed the session, so none is missed. The new one must answer a ping first, since
 * some networks let the upgrade through and nothing after it.
 */
export class Upgrade {
  readonly #options: UpgradeOptions;
  #state: State = { state: "off" };
  /** Number of tries since a WebSocket carried the session. */
  #attempt = 0;
  /** Survives a lost channel, so that an HTTP stream that breaks every minute does not postpone the next try for good. */
  #dueAtMs: number | null = null;

  constructor(options: UpgradeOptions) {
    this.#options = options;
  }

  /** While true, frames of the old channel no longer count, and frames sent on it may be refused. */
  get isResuming(): boolean {
    return this.#state.state === "resuming";
  }

  owns(channel: Channel): boolean {
    return "channel" in this.#state && this.#state.channel === channel;
  }

  /** HTTP carries the session from now on. */
  start(): void {
    this.stop();
    this.#wait();
  }

  /** HTTP no longer carries the session. Idempotent. */
  stop(): void {
    const left = this.#state;
    this.#state = { state: "off" };
    if (left.state === "waiting") clearTimeout(left.timer);
    if (left.state === "resuming") left.cancelTimeout();
    if ("channel" in left) left.channel.close();
    if (left.state === "resuming") this.#options.abandoned();
  }

  /** The network has changed, so a WebSocket may work now. */
  retryNow(): void {
    if (this.#state.state !== "waiting") return;
    clearTimeout(this.#state.timer);
    this.#attempt = 0;
    this.#try();
  }

  handleOpened(): void {
    if (this.#state.state === "opening") this.#state.channel.send({ type: "ping" });
  }

  handlePong(): void {
    if (this.#state.state !== "opening") return;
    const { channel } = this.#state;
    const cancelTimeout = afterAwake(ANSWER_WITHIN_MS, () => this.handleLost());
    this.#state = { state: "resuming", channel, cancelTimeout, oldError: null };
    channel.send(this.#options.openingFrame());
  }

  /** Sends on the new channel if that may carry the session already; else drops the frame. */
  send(frame: ClientFrameInput): void {
    if (this.#state.state === "resuming") this.#state.channel.send(frame);
  }

  /** The old channel ended during the resume, most likely because the new one replaced it. */
  handleOldLost(error: FairleadError): void {
    if (this.#state.state === "resuming") this.#state.oldError ??= error;
  }

  /** Hands the new channel over to the caller. */
  take(): Channel | null {
    if (this.#state.state !== "resuming") return null;
    const { channel, cancelTimeout } = this.#state;
    cancelTimeout();
    this.#state = { state: "off" };
    this.#attempt = 0;
    return channel;
  }

  /** The resume was refused: the old channel still carries the session, unless it has ended meanwhile. */
  handleRefused(): void {
    const oldError = this.#state.state === "resuming" ? this.#state.oldError : null;
    this.stop();
    if (oldError) this.#options.failed(oldError);
    else this.#wait();
  }

  /** The new channel is gone. If it had sent `resume`, the old channel may have lost the session to it. */
  handleLost(): void {
    const hadResumed = this.#state.state === "resuming";
    this.stop();
    if (hadResumed) this.#options.failed(new FairleadError("signaling_unreachable"));
    else this.#wait();
  }

  #wait(): void {
    const { delayMs, now } = this.#options;
    const nextMs = delayMs(this.#attempt);
    if (nextMs === null) return;
    this.#dueAtMs ??= now() + nextMs;
    const timer = setTimeout(() => this.#try(), this.#dueAtMs - now());
    this.#state = { state: "waiting", timer };
  }

  #try(): void {
    this.#dueAtMs = null;
    this.#attempt += 1;
    this.#state = { state: "opening", channel: this.#options.open() };
  }
}
