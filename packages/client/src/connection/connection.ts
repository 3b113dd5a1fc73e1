import {
  type ClientFrameInput,
  closeCode,
  errorCodeOfClose,
  FairleadError,
  fromErrorBody,
  type ServerFrame,
} from "@fairlead/protocol";
import type { ReconnectPolicy, SignalingTransport } from "../api/options.ts";
import { type Channel, LOST, type OpenChannel } from "../channel/channel.ts";
import type { Ways } from "../channel/ways.ts";
import { isPassing } from "./judge-refusal.ts";
import { Upgrade } from "./upgrade.ts";

/** A join or resume without an answer: the channel is tried anew. */
const INTRODUCTION_TIMEOUT_MS = 10_000;
/** A channel that lived this long was worth an immediate retry; one that did not may be part of a loop. */
const STABLE_AFTER_MS = 5_000;
/** So long may a resume still act that came to nothing here: it takes the session from ourselves. */
const ABANDONED_ACTS_WITHIN_MS = 10_000;
/** Refusals that soon give way to something else leave the delays at those of this attempt. */
const SOON_ATTEMPT = 3;
/** RFC 6455 § 7.4.1 and the registry of close codes: the server or what stands before it goes away, or restarts. */
const RESTART_CLOSE_CODES: readonly number[] = [1001, 1012];

type Timer = ReturnType<typeof setTimeout>;
type State =
  | { state: "idle" | "ended" }
  /** For the next try, on the channel that is still open, if one is. */
  | { state: "waiting"; timer: Timer; channel: Channel | null }
  | { state: "opening"; channel: Channel }
  | { state: "introducing"; timer: Timer; channel: Channel }
  | { state: "live"; sinceMs: number; channel: Channel };

type Introduced = Extract<ServerFrame, { type: "joined" | "resumed" }>;

export type ConnectionHandlers = {
  /** The first frame for a channel: join or resume. */
  introduce(): ClientFrameInput;
  live(frame: Introduced): void;
  frame(frame: ServerFrame): void;
  /** No longer live; tried again unless told otherwise. */
  away(): void;
  /** Answered by `introduce()`, `retry(error)` or `end(error)`. `wasLive`: what was there is lost, not what was asked for. */
  refused(error: FairleadError, wasLive: boolean): void;
  ended(error: FairleadError): void;
};

type ConnectionOptions = {
  ways: Ways;
  policy: ReconnectPolicy;
  now: () => number;
  random: () => number;
  handlers: ConnectionHandlers;
};

/** Keeps one introduced channel, and makes a new one when it is lost. What frames mean is its owner's business. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #upgrade: Upgrade;
  #state: State = { state: "idle" };
  #transport: SignalingTransport = "websocket";
  #attempt = 0;
  #awaySinceMs = 0;
  #abandonedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    const { ways, now, handlers } = options;
    this.#upgrade = new Upgrade({
      open: () => this.#watch((own) => ways.openWebSocket(own)),
      delayMs: (attempt) => ways.upgradeDelayMs(attempt),
      now,
      introduce: () => handlers.introduce(),
      abandoned: () => this.#handleAbandoned(),
      failed: (error) => this.#handleRefusal(error, true),
    });
  }

  /** Of the present channel, or the last one that was introduced. */
  get transport(): SignalingTransport {
    return this.#transport;
  }

  start(): void {
    this.#awaySinceMs = this.#options.now();
    this.#open();
  }

  /** Only an introduced channel carries frames. */
  send(frame: ClientFrameInput): void {
    if (this.#state.state !== "live") return;
    // Acts once wherever it arrives; and a page that goes away does not send it again.
    if (frame.type === "command" && frame.name === "session.leave") this.#upgrade.send(frame);
    else if (this.#upgrade.isResuming) return;
    this.#state.channel.send(frame);
  }

  /** Says join or resume, on the open channel if there is one that will not close because of `refusal`. */
  introduce(refusal?: FairleadError): void {
    const channel = this.#keepOpen(refusal);
    // One that is still opening will be introduced when it is open.
    if (this.#state.state === "ended" || (this.#state.state === "opening" && channel && !channel.isOpen))
      return;
    this.#leaveState();
    if (channel?.isOpen) this.#introduceOn(channel);
    else this.#open();
  }

  #introduceOn(channel: Channel): void {
    const timer = setTimeout(() => this.#handleClosed(channel, LOST), INTRODUCTION_TIMEOUT_MS);
    this.#state = { state: "introducing", timer, channel };
    channel.send(this.#options.handlers.introduce());
  }

  /** Tries again as the policy says, or ends with `error` when it gives up. */
  retry(error: FairleadError): void {
    if (this.#state.state === "ended") return;
    const { policy, now, random } = this.#options;
    const channel = this.#keepOpen(error);
    this.#leaveState();
    // Media may well flow while signaling is cut off from the room: no reason to end a meeting.
    if (error.code === "bus_disconnected") this.#awaySinceMs = now();
    const delayMs = Math.max(policy.nextDelayMs(this.#nextAttempt(error), random), error.retryAfterMs ?? 0);
    if (now() + delayMs - this.#awaySinceMs > policy.giveUpAfterMs) {
      channel?.close();
      this.end(error);
    } else this.#state = { state: "waiting", channel, timer: setTimeout(() => this.introduce(), delayMs) };
  }

  #nextAttempt(error: FairleadError): number {
    const attempt = isPassing(error.code) ? Math.min(this.#attempt, SOON_ATTEMPT) : this.#attempt;
    this.#attempt = attempt + 1;
    return attempt;
  }

  /** @returns The present channel, unless it closes after this refusal. */
  #keepOpen(refusal: FairleadError | undefined): Channel | null {
    const channel = "channel" in this.#state ? this.#state.channel : null;
    if (!refusal || closeCode(refusal.code) === null) return channel;
    channel?.close();
    return null;
  }

  /** The network came back, or is another: no need to wait on. */
  hurry(): void {
    if (this.#state.state === "waiting") this.introduce();
    else this.#upgrade.hurry();
  }

  end(error: FairleadError): void {
    if (this.#state.state === "ended") return;
    this.close();
    this.#options.handlers.ended(error);
  }

  /** Without a call of `ended`. */
  close(): void {
    const left = this.#state;
    this.#state = { state: "ended" };
    if ("timer" in left) clearTimeout(left.timer);
    if ("channel" in left) left.channel?.close();
    this.#upgrade.stop();
  }

  #open(): void {
    const { ways } = this.#options;
    this.#state = { state: "opening", channel: this.#watch((own) => ways.open(own)) };
  }

  #watch(open: OpenChannel): Channel {
    const channel: Channel = open({
      opened: () => (this.#upgrade.owns(channel) ? this.#upgrade.handleOpened() : this.introduce()),
      frame: (frame) => this.#handleFrame(channel, frame),
      pong: () => this.#upgrade.owns(channel) && this.#upgrade.handlePong(),
      closed: (closeCode) => this.#handleClosed(channel, closeCode),
    });
    return channel;
  }

  #handleFrame(channel: Channel, frame: ServerFrame): void {
    if (this.#upgrade.owns(channel)) this.#handleUpgradeFrame(frame);
    else if (frame.type === "error") this.#handleError(fromErrorBody(frame.error));
    else if (frame.type !== "joined" && frame.type !== "resumed") this.#options.handlers.frame(frame);
    else if (this.#state.state === "introducing") this.#goLive(channel, frame);
  }

  #goLive(channel: Channel, frame: Introduced): void {
    const { handlers, ways, now } = this.#options;
    if ("timer" in this.#state) clearTimeout(this.#state.timer);
    this.#state = { state: "live", sinceMs: now(), channel };
    this.#transport = channel.transport;
    ways.handleWorked(channel.transport);
    if (channel.transport === "http") this.#upgrade.start();
    handlers.live(frame);
  }

  /** The first frame on a WebSocket that is to take over. */
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
    // The session was resumed elsewhere by ourselves: what matters is said there.
    if (this.#upgrade.isResuming) this.#upgrade.handleOldLost(error);
    // While waiting, the verdict on this channel is out already.
    else if (state === "introducing" || state === "live") this.#handleRefusal(error, state === "live");
  }

  #handleAbandoned(): void {
    this.#abandonedAtMs = this.#options.now();
  }

  /** Where a late resume of our own took the session over, the channel is as good as lost, and the session resumed anew. */
  #handleRefusal(error: FairleadError, wasLive: boolean): void {
    const { handlers, now } = this.#options;
    // Acts on what was resumed after it; what is refused at its own resume is over.
    const isLate = wasLive && now() - this.#abandonedAtMs < ABANDONED_ACTS_WITHIN_MS;
    if (error.code !== "session_replaced" || !isLate) handlers.refused(error, wasLive);
    else {
      if ("channel" in this.#state) this.#state.channel?.close();
      handlers.refused(new FairleadError("signaling_unreachable", { cause: error }), wasLive);
    }
  }

  #handleClosed(channel: Channel, closedWith: number): void {
    channel.close();
    if (this.#upgrade.owns(channel)) {
      this.#upgrade.handleLost();
      return;
    }
    const isCurrent = "channel" in this.#state && this.#state.channel === channel;
    if (!isCurrent) return;
    if (this.#state.state === "waiting") this.#state = { ...this.#state, channel: null };
    else if (this.#upgrade.isResuming)
      this.#upgrade.handleOldLost(new FairleadError("signaling_unreachable"));
    else this.#handleLost(closedWith);
  }

  #handleLost(closedWith: number): void {
    const wasLive = this.#state.state === "live";
    this.#leaveState();
    const isRestart = RESTART_CLOSE_CODES.includes(closedWith);
    const code = errorCodeOfClose(closedWith) ?? (isRestart ? "shutting_down" : undefined);
    if (code) this.#handleRefusal(new FairleadError(code), wasLive);
    else this.retry(new FairleadError("signaling_unreachable"));
  }

  #leaveState(): void {
    const { handlers, now } = this.#options;
    const left = this.#state;
    this.#state = { state: "idle" };
    if ("timer" in left) clearTimeout(left.timer);
    if (left.state === "introducing") this.#handleAbandoned();
    if (left.state !== "live") return;
    this.#upgrade.stop();
    this.#awaySinceMs = now();
    if (now() - left.sinceMs >= STABLE_AFTER_MS) this.#attempt = 0;
    handlers.away();
  }
}
