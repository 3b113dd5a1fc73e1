import {
  type ClientFrameInput,
  closeCode,
  FairleadError,
  fromErrorBody,
  type Position,
  type ServerFrame,
  signalingUnreachable,
} from "@fairlead/protocol";
import type { SignalingTransport } from "../api/options.ts";
import { type Channel, LOST, type OpenChannel } from "../channel/channel.ts";
import { afterDelay, afterTimeout } from "../next-macrotask.ts";
import { afterAwake } from "../running-clock.ts";
import type { ConnectionOptions, SessionAnswer } from "./connection-handlers.ts";
import { isPassing, refusalOfClose } from "./judge-refusal.ts";
import { Upgrade } from "./upgrade.ts";

/** A channel is given up when a join or resume on it gets no answer for this long. */
const ANSWER_TIMEOUT_MS = 10_000;
/** After a channel that lived this long, delays begin at the first attempt again; a shorter life may be part of a loop. */
const STABLE_AFTER_MS = 5_000;
/** A resume that we gave up on may still reach the server within this time, and replace our own session. */
const ABANDONED_ACTS_WITHIN_MS = 10_000;
/** Delays do not grow beyond those of this attempt while signaling answers with a fault that soon passes. */
const SOON_ATTEMPT = 3;

type State =
  | { state: "idle" | "ended" }
  /** Waits for the next try. `channel` is the one that is still open, if any. */
  | { state: "waiting"; cancelWait: () => void; channel: Channel | null }
  | { state: "opening"; channel: Channel }
  | { state: "requesting"; cancelTimeout: () => void; channel: Channel }
  | { state: "live"; sinceMs: number; channel: Channel };

/** Keeps one channel with a session on it, and opens a new one when it is lost. The owner interprets the frames. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #upgrade: Upgrade;
  #state: State = { state: "idle" };
  #transport: SignalingTransport = "websocket";
  #attempt = 0;
  #awaySinceMs = 0;
  #abandonedAtMs = Number.NEGATIVE_INFINITY;
  #asksNoMore = false;
  #lastLoss: FairleadError | null = null;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { opener, clock, handlers } = options;
    this.#upgrade = new Upgrade({
      open: () => this.#watch((own) => opener.openWebSocket(own)),
      delayMs: (attempt) => opener.upgradeDelayMs(attempt),
      now: clock.now,
      openingFrame: () => handlers.openingFrame(),
      abandoned: () => this.#handleAbandoned(),
      failed: (error) => this.#handleRefusal(error, true),
    });
  }

  /** The transport of the present session, or of the last one. */
  get transport(): SignalingTransport {
    return this.#transport;
  }

  /** Why the last channel was lost, if none carries a session or asks for one. */
  get lastLoss(): FairleadError | null {
    return this.#state.state === "live" || this.#state.state === "requesting" ? null : this.#lastLoss;
  }

  /** The browser says that it is offline. */
  checkLife(): void {
    if (this.#state.state === "live") this.#state.channel.checkLife?.();
  }

  start(): void {
    this.#awaySinceMs = this.#options.clock.now();
    this.#open();
  }

  /**
   * Opens and asks for nothing more. An answer that is on its way is still awaited, and a session that it brings is kept until it is
   * left; without one, everything closes at once.
   * @param leave Follows a join on its way, where the channel keeps the order.
   */
  askNoMore(leave: ClientFrameInput): void {
    this.#asksNoMore = true;
    const { state } = this.#state;
    if (state !== "requesting" && state !== "live") this.end(new FairleadError("session_left"));
    else if (this.#state.channel.transport === "websocket") this.#state.channel.send(leave);
  }

  /** Drops the frame while no channel carries the session. */
  send(frame: ClientFrameInput): void {
    if (this.#state.state !== "live") return;
    // A page that goes away can not send it again, and it acts once even if it arrives on both channels.
    if (frame.type === "command" && frame.name === "session.leave") this.#upgrade.send(frame);
    else if (this.#upgrade.isResuming) return;
    this.#state.channel.send(frame);
  }

  /** Sends the opening frame, on the open channel if there is one that does not close because of `refusal`. */
  requestSession(refusal?: FairleadError): void {
    if (this.#asksNoMore) {
      this.end(refusal ?? new FairleadError("session_left"));
      return;
    }
    const channel = this.#keepOpen(refusal);
    // A channel that is still opening sends the frame once it is open.
    if (this.#state.state === "ended" || (this.#state.state === "opening" && channel && !channel.isOpen))
      return;
    this.#leaveState();
    if (channel?.isOpen) this.#requestOn(channel);
    else this.#open();
  }

  #requestOn(channel: Channel): void {
    const cancelTimeout = afterAwake(ANSWER_TIMEOUT_MS, () =>
      this.#handleClosed(channel, LOST, `no answer within ${ANSWER_TIMEOUT_MS} ms`),
    );
    this.#state = { state: "requesting", cancelTimeout, channel };
    channel.send(this.#options.handlers.openingFrame());
  }

  /** Tries again after the policy's delay, or ends with `error` if the policy gives up. */
  retry(error: FairleadError): void {
    if (this.#state.state === "ended") return;
    const { policy, clock, random } = this.#options;
    const channel = this.#keepOpen(error);
    this.#leaveState();
    // Media may well flow while signaling is cut off from the room, so this does not use up the patience.
    if (error.code === "bus_disconnected") this.#awaySinceMs = clock.now();
    const attempt = this.#nextAttempt(error);
    const delayMs = Math.max(policy.nextDelayMs(attempt, random), error.retryAfterMs ?? 0);
    // In a hidden tab the first try comes at once; the others are spread, and a minute apart if the browser has it so.
    const wait = attempt === 0 ? afterDelay : afterTimeout;
    const leftMs = clock.leftMs(this.#awaySinceMs, policy.giveUpAfterMs);
    if (this.#asksNoMore || leftMs === 0 || delayMs > leftMs) {
      channel?.close();
      this.end(error);
    } else
      this.#state = {
        state: "waiting",
        channel,
        cancelWait: wait(delayMs, () => this.requestSession()),
      };
  }

  #nextAttempt(error: FairleadError): number {
    const attempt = isPassing(error.code) ? Math.min(this.#attempt, SOON_ATTEMPT) : this.#attempt;
    this.#attempt = attempt + 1;
    return attempt;
  }

  /** @returns The present channel; null if this refusal closes it. */
  #keepOpen(refusal: FairleadError | undefined): Channel | null {
    const channel = "channel" in this.#state ? this.#state.channel : null;
    if (!refusal || closeCode(refusal.code) === null) return channel;
    channel?.close();
    return null;
  }

  /** The network came back, or has changed: ends the wait for the next try. */
  retryNow(): void {
    if (this.#state.state === "waiting") this.requestSession();
    else this.#upgrade.retryNow();
  }

  end(error: FairleadError): void {
    if (this.#state.state === "ended") return;
    this.close();
    this.#options.handlers.ended(error);
  }

  /** Closes without calling `ended`. */
  close(): void {
    const left = this.#state;
    this.#state = { state: "ended" };
    this.#stopTimers(left);
    if ("channel" in left) left.channel?.close();
    this.#upgrade.stop();
  }

  #open(): void {
    const { opener } = this.#options;
    this.#state = { state: "opening", channel: this.#watch((own) => opener.open(own)) };
  }

  #watch(open: OpenChannel): Channel {
    const channel: Channel = open({
      opened: () => (this.#upgrade.owns(channel) ? this.#upgrade.handleOpened() : this.requestSession()),
      frame: (frame) => this.#handleFrame(channel, frame),
      pingPosition: () => this.#pingPosition(channel),
      pong: () => this.#upgrade.owns(channel) && this.#upgrade.handlePong(),
      closed: (closeCode, cause) => this.#handleClosed(channel, closeCode, cause),
    });
    return channel;
  }

  #pingPosition(channel: Channel): Position | undefined {
    const isLive = this.#state.state === "live" && this.#state.channel === channel;
    return isLive && !this.#upgrade.isResuming ? this.#options.handlers.pingPosition() : undefined;
  }

  #handleFrame(channel: Channel, frame: ServerFrame): void {
    if (this.#upgrade.owns(channel)) this.#handleUpgradeFrame(frame);
    else if (frame.type === "error") this.#handleError(fromErrorBody(frame.error));
    else if (frame.type !== "joined" && frame.type !== "resumed") this.#options.handlers.frame(frame);
    else if (this.#state.state === "requesting") this.#goLive(channel, frame);
  }

  #goLive(channel: Channel, frame: SessionAnswer): void {
    const { handlers, opener, clock } = this.#options;
    this.#stopTimers(this.#state);
    this.#state = { state: "live", sinceMs: clock.now(), channel };
    this.#asksNoMore = false;
    this.#transport = channel.transport;
    opener.handleWorked(channel.transport);
    if (channel.transport === "http") this.#upgrade.start();
    handlers.live(frame);
  }

  /** The answer to the resume on the WebSocket that shall take over. */
  #handleUpgradeFrame(frame: ServerFrame): void {
    const taken = frame.type === "resumed" ? this.#upgrade.take() : null;
    if (frame.type !== "resumed" || !taken) this.#upgrade.handleRefused();
    else {
      if ("channel" in this.#state) this.#state.channel?.close();
      this.#goLive(taken, frame);
    }
  }

  #handleError(error: FairleadError): void {
    const { state } = this.#state;
    // We are resuming the session on another channel, and its answer decides.
    if (this.#upgrade.isResuming) this.#upgrade.handleOldLost(error);
    // While waiting, the owner has judged this channel already.
    else if (state === "requesting" || state === "live") {
      this.#lastLoss = null;
      this.#handleRefusal(error, state === "live");
    }
  }

  #handleAbandoned(): void {
    this.#abandonedAtMs = this.#options.clock.now();
  }

  /** If a late resume of our own has replaced the session, treats the channel as lost and resumes once more. */
  #handleRefusal(error: FairleadError, wasLive: boolean): void {
    const { handlers, clock } = this.#options;
    // Only a session that was live can have been replaced by it; a refused resume is final.
    const isLate = wasLive && clock.now() - this.#abandonedAtMs < ABANDONED_ACTS_WITHIN_MS;
    if (error.code !== "session_replaced" || !isLate) handlers.refused(error, wasLive);
    else {
      if ("channel" in this.#state) this.#state.channel?.close();
      handlers.refused(new FairleadError("signaling_unreachable", { cause: error }), wasLive);
    }
  }

  #handleClosed(channel: Channel, closedWith: number, cause: unknown): void {
    channel.close();
    if (this.#upgrade.owns(channel)) {
      this.#upgrade.handleLost();
      return;
    }
    const isCurrent = "channel" in this.#state && this.#state.channel === channel;
    if (!isCurrent) return;
    if (this.#state.state === "waiting") this.#state = { ...this.#state, channel: null };
    else if (this.#upgrade.isResuming) this.#upgrade.handleOldLost(signalingUnreachable(channel.url, cause));
    else this.#handleLost(closedWith, signalingUnreachable(channel.url, cause));
  }

  #handleLost(closedWith: number, error: FairleadError): void {
    const wasLive = this.#state.state === "live";
    this.#leaveState();
    const code = refusalOfClose(closedWith);
    if (code) this.#handleRefusal(new FairleadError(code), wasLive);
    else {
      this.#lastLoss = error;
      this.retry(error);
    }
  }

  #stopTimers(state: State): void {
    if (state.state === "waiting") state.cancelWait();
    else if (state.state === "requesting") state.cancelTimeout();
  }

  #leaveState(): void {
    const { handlers, clock } = this.#options;
    const left = this.#state;
    this.#state = { state: "idle" };
    this.#stopTimers(left);
    if (left.state === "requesting") this.#handleAbandoned();
    if (left.state !== "live") return;
    this.#upgrade.stop();
    this.#awaySinceMs = clock.now();
    if (clock.now() - left.sinceMs >= STABLE_AFTER_MS) this.#attempt = 0;
    handlers.away();
  }
}
