import { type ClientFrameInput, FairleadError } from "@fairlead/protocol";
import type { Channel } from "../channel/channel.ts";

/** A resume on a WebSocket that opened, but answers nothing: given up after this time. */
const ANSWER_WITHIN_MS = 10_000;

type Timer = ReturnType<typeof setTimeout>;
type State =
  | { state: "off" }
  | { state: "waiting"; timer: Timer }
  | { state: "opening"; channel: Channel }
  | { state: "resuming"; channel: Channel; timer: Timer; oldError: FairleadError | null };

type UpgradeOptions = {
  /** Its frames and its end come to `handle…` here until it is taken over. */
  open: () => Channel;
  /** null: never. */
  delayMs: (attempt: number) => number | null;
  /** Milliseconds. */
  now: () => number;
  /** The `resume` of the live session. */
  introduce: () => ClientFrameInput;
  /** A resume came to nothing, as far as is heard: it may still act. */
  abandoned: () => void;
  /** Neither the new channel carries the session now, nor, as far as is known, the old one. */
  failed: (error: FairleadError) => void;
};

/**
 * The way from HTTP back to a WebSocket: tried again and again beside the live channel, ever less often. The session is
 * resumed on the new one while the old one still brings events, so that none is missed; and not before the new one has
 * carried something, since there are networks that let the upgrade through and nothing after it.
 */
export class Upgrade {
  readonly #options: UpgradeOptions;
  #state: State = { state: "off" };
  /** Tries since a WebSocket carried the session. */
  #attempt = 0;
  /** Kept while the session is lost and found: an HTTP stream that is cut every minute does not put the next try off. */
  #dueAtMs: number | null = null;

  constructor(options: UpgradeOptions) {
    this.#options = options;
  }

  /** From the `resume` on, what the old channel says counts for nothing, and what it is told may not arrive. */
  get isResuming(): boolean {
    return this.#state.state === "resuming";
  }

  owns(channel: Channel): boolean {
    return "channel" in this.#state && this.#state.channel === channel;
  }

  /** The session lives on HTTP. */
  start(): void {
    this.stop();
    this.#wait();
  }

  /** The session lives on HTTP no more, or nowhere. Idempotent. */
  stop(): void {
    const left = this.#state;
    this.#state = { state: "off" };
    if ("timer" in left) clearTimeout(left.timer);
    if ("channel" in left) left.channel.close();
    if (left.state === "resuming") this.#options.abandoned();
  }

  /** The network is another one: worth a try. */
  hurry(): void {
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
    const timer = setTimeout(() => this.handleLost(), ANSWER_WITHIN_MS);
    this.#state = { state: "resuming", channel, timer, oldError: null };
    channel.send(this.#options.introduce());
  }

  /** Dropped unless the session may be on the new channel already. */
  send(frame: ClientFrameInput): void {
    if (this.#state.state === "resuming") this.#state.channel.send(frame);
  }

  /** The old channel ended while the new one was to take its place: most likely because it does. */
  handleOldLost(error: FairleadError): void {
    if (this.#state.state === "resuming") this.#state.oldError ??= error;
  }

  /** @returns The new channel, which is the caller's from now on. */
  take(): Channel | null {
    if (this.#state.state !== "resuming") return null;
    const { channel, timer } = this.#state;
    clearTimeout(timer);
    this.#state = { state: "off" };
    this.#attempt = 0;
    return channel;
  }

  /** Not resumed: the old channel is as it was. */
  handleRefused(): void {
    const oldError = this.#state.state === "resuming" ? this.#state.oldError : null;
    this.stop();
    if (oldError) this.#options.failed(oldError);
    else this.#wait();
  }

  /** The new channel is gone. Had it said `resume`, the session may be its, and the old channel worth nothing any more. */
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
