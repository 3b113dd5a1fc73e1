import {
  type ClientFrame,
  type CommandEnvelope,
  closeCode,
  type ErrorCode,
  FairleadError,
  type FairleadErrorOptions,
  PING_INTERVAL_MS,
  toErrorBody,
} from "@fairlead/protocol";
import { refusalOfStranger } from "../abuse/count-rates.ts";
import type { Caller } from "../http/caller.ts";
import type { SignalingLimits } from "../limits.ts";
import type { ClientChannel } from "./client-channel.ts";
import { HeldRefusal } from "./held-refusal.ts";
import type { SentFrame } from "./link-sink.ts";
import { openSession } from "./open-session.ts";
import { readFrame } from "./read-frame.ts";
import { resumeSession } from "./resume-session.ts";
import type { LinkRegister, SessionLink } from "./session-link.ts";
import { Silence, TICK_MS } from "./silence.ts";
import { TokenBucket } from "./token-bucket.ts";

type State =
  /** No session. `hasJoined`: there was one, so late frames of it may still come. */
  | { state: "waiting"; hasJoined: boolean }
  | { state: "opening" }
  | { state: "refused"; held: HeldRefusal; hasJoined: boolean }
  | { state: "linked"; link: SessionLink }
  | { state: "closed" };

type Hooks = {
  /** The client has a session, or waits for the bus on its socket, as all do then. May be called again. */
  onExcused(): void;
  /** Once, when the connection is closed by either end. */
  onClosed(): void;
};

type Opening = Extract<ClientFrame, { type: "join" | "resume" }>;

/** A ping that is due has not come, and its client may be a hidden tab, whose timers hardly run. */
const ASK_AFTER_MS = PING_INTERVAL_MS + 1_500;
/**
 * On a one-way channel the client proves its life by answering. It is asked so often that a phone keeps its media over ten seconds of
 * sleep.
 */
const PONG_EVERY_MS = 3_000;
/** RFC 6455 § 7.4.1: for a refusal without a close code of its own. */
const NORMAL_CLOSURE = 1000;
/** The price of a join or a resume, in frames: a placement and media on a node, or a call to it. */
export const OPENING_COST = 20;

/**
 * One client on one connection: parses its frames, opens or resumes its session, and closes what misbehaves with a typed
 * error. It knows nothing of WebSockets, nor of streams.
 */
export class ClientConnection {
  readonly #caller: Caller;
  readonly #limits: SignalingLimits;
  readonly #register: LinkRegister;
  readonly #channel: ClientChannel;
  readonly #frames: TokenBucket;
  readonly #hooks: Hooks;
  #state: State = { state: "waiting", hasJoined: false };
  /** The client gives up the session that is being opened. */
  #leave: CommandEnvelope | null = null;
  #isPageGone = false;
  /** After this much silence the client of a linked socket is asked for a sign of life. */
  readonly #askAfterTicks: number;
  readonly #silence: Silence;
  /** The time left for the client's next frame, and the error when it is over. */
  #deadline: { ticks: number; otherwise: ErrorCode } = { ticks: 0, otherwise: "join_timeout" };

  constructor(caller: Caller, register: LinkRegister, channel: ClientChannel, hooks: Hooks) {
    const { limits, now } = caller.shared;
    this.#caller = caller;
    this.#limits = limits;
    this.#register = register;
    this.#channel = channel;
    this.#hooks = hooks;
    this.#silence = new Silence(limits.sessionsAliveIntervalMs);
    this.#frames = new TokenBucket(limits.framesPerSecond, limits.frameBurst, now);
    this.#askAfterTicks = Math.ceil(Math.min(ASK_AFTER_MS, limits.socketIdleMs / 2) / TICK_MS);
    this.#expect(limits.joinTimeoutMs, "join_timeout");
  }

  /** @param message A frame as text; anything else is refused. */
  receive(message: unknown): void {
    if (this.#state.state === "closed") return;
    this.#silence.end();
    try {
      if (!this.#frames.take()) throw new FairleadError("too_many_frames");
      if (typeof message !== "string") throw new FairleadError("invalid_frame", { message: "not text" });
      this.#handle(readFrame(message));
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The connection is gone. The session stays for its grace time, which is short if the browser said that the page has gone. */
  disconnected(isPageGone = false): void {
    if (this.#state.state === "closed") return;
    this.#isPageGone = isPageGone;
    this.#end().link?.detach(this.#isPageGone);
  }

  /**
   * Called every `TICK_MS`: cheaper than a timer for each frame of each client.
   * @returns The link whose node is to be told now that the client is there.
   */
  tick(): SessionLink | null {
    this.#deadline.ticks -= 1;
    if (this.#state.state === "refused") this.#state.held.tick();
    this.#tellRefusal();
    const isProofDue = this.#silence.tick() && !this.#channel.isOneWay;
    this.#judgeSilence();
    return isProofDue && this.#state.state === "linked" ? this.#state.link : null;
  }

  #judgeSilence(): void {
    // Timers of a hidden tab, and so its pings, may run once a minute; the SDK answers a `pong` that it did not ask for.
    const isAsked =
      this.#silence.ticks === this.#askAfterTicks && this.#deadline.ticks > 0 && !this.#channel.isOneWay;
    if (isAsked && this.#state.state === "linked") this.#send({ type: "pong" });
    if (this.#deadline.ticks >= 0) return;
    if (this.#channel.isOneWay && this.#state.state === "linked") {
      this.#send({ type: "pong" });
      this.#expectNext();
    } else this.#fail(new FairleadError(this.#deadline.otherwise));
  }

  /** Closes the connection without touching the session, which the client resumes elsewhere. */
  refuse(code: "shutting_down" | "signaling_full" | "rate_limited", options?: FairleadErrorOptions): void {
    this.#fail(new FairleadError(code, options));
  }

  #handle(frame: ClientFrame): void {
    if (this.#state.state !== "waiting") this.#expect(this.#limits.socketIdleMs, "idle_timeout");
    switch (frame.type) {
      case "ping":
        if (frame.position) this.#linkFor(frame.type)?.notePosition(frame.position);
        this.#send({ type: "pong" });
        break;
      case "join":
      case "resume":
        if (!this.#frames.take(OPENING_COST)) throw new FairleadError("too_many_frames");
        void this.#open(frame, this.#leaveForOpening());
        break;
      case "command":
        if (this.#state.state === "opening" && frame.name === "session.leave") this.#leave = frame;
        else void this.#linkFor(frame.type)?.command(frame);
        break;
      case "ack":
        void this.#linkFor(frame.type)?.acknowledge(frame);
        break;
    }
  }

  /** @returns undefined for a late frame of a session that is over, which has nowhere to go. */
  #linkFor(type: string): SessionLink | undefined {
    if (this.#state.state === "linked") return this.#state.link;
    if (this.#state.state === "waiting" && !this.#state.hasJoined)
      throw new FairleadError("invalid_frame", { message: `"${type}" before "join" or "resume"` });
    return undefined;
  }

  async #open(frame: Opening, hasJoined: boolean): Promise<void> {
    this.#expect(this.#limits.socketIdleMs, "idle_timeout");
    try {
      const link = await this.#openLink(frame);
      const leave = this.#leave;
      this.#leave = null;
      if (leave) await link.command(leave);
      // The connection closed meanwhile, or the session ended with its first message or was left already.
      if (this.#state.state !== "opening" || link.isClosed) {
        link.detach(this.#isPageGone);
        if (this.#state.state === "opening") this.#handleLeft();
        return;
      }
      this.#state = { state: "linked", link };
      this.#hooks.onExcused();
      this.#expectNext();
      const { session, room, peer, node } = link.session ?? {};
      this.#caller.log.info(`session.${frame.type === "join" ? "joined" : "resumed"}`, {
        sessionId: session,
        roomId: room,
        peerId: peer,
        nodeId: node,
      });
    } catch (error) {
      const refusal = await refusalOfStranger(this.#caller, error);
      if (this.#state.state !== "opening") return;
      const held = new HeldRefusal(refusal, this.#caller.shared.now);
      this.#state = { state: "refused", held, hasJoined: hasJoined || frame.type === "resume" };
      this.#tellRefusal();
    }
  }

  #tellRefusal(): void {
    if (this.#state.state !== "refused") return;
    const { held, hasJoined } = this.#state;
    // A request over HTTP waits for nothing.
    if (!held.isDue && !this.#channel.isOneWay) return;
    const refusal = held.tell();
    this.#wait(hasJoined);
    if (refusal instanceof FairleadError && refusal.code === "bus_disconnected") this.#hooks.onExcused();
    this.#fail(refusal);
  }

  /** The client may join again. */
  #handleLeft(): void {
    this.#hooks.onExcused();
    this.#wait(true);
  }

  #openLink(frame: Opening): Promise<SessionLink> {
    const sink = {
      takesSeveral: frame.takesSeveral === true,
      send: (sent: SentFrame) => this.#send(sent),
      isOpen: () => this.#state.state !== "closed",
      onOver: (error: FairleadError) => this.#onOver(error),
    };
    return frame.type === "join"
      ? openSession(this.#caller, this.#register, frame, sink)
      : resumeSession(this.#caller, this.#register, frame, sink);
  }

  /**
   * Gives up a session that has moved for the one to be opened.
   * @returns Whether there was a session before.
   */
  #leaveForOpening(): boolean {
    const state = this.#state;
    const isFree = state.state === "waiting" || (state.state === "linked" && state.link.session === null);
    if (!isFree) throw new FairleadError("invalid_frame", { message: "joined already" });
    if (state.state === "linked") state.link.close();
    this.#state = { state: "opening" };
    this.#leave = null;
    return state.state === "linked" || state.hasJoined;
  }

  /** A session that ended without a close code of its own (its node lost the room, say) can be followed by another. */
  #onOver(error: FairleadError): void {
    if (this.#state.state === "closed") return;
    const mayJoinAnew = closeCode(error.code) === null;
    if (mayJoinAnew) this.#wait(true);
    const isGone = mayJoinAnew && error.code !== "bus_disconnected";
    this.#fail(isGone ? new FairleadError("session_gone", { cause: error, detail: error.detail }) : error);
  }

  #wait(hasJoined: boolean): void {
    const { socketIdleMs, joinTimeoutMs } = this.#limits;
    this.#state = { state: "waiting", hasJoined };
    this.#expect(hasJoined ? socketIdleMs : joinTimeoutMs, "join_timeout");
  }

  /** Tells the client, and closes if the code says so, or if the client could not go on here. */
  #fail(error: unknown): void {
    if (this.#state.state === "closed") return;
    const body = toErrorBody(error);
    if (body.code === "internal") this.#caller.log.error("connection.failed", { error });
    else this.#caller.log.debug("connection.refused", { code: body.code });
    this.#send({ type: "error", error: body });
    if (closeCode(body.code) !== null || this.#channel.isOneWay) this.#close(body.code);
  }

  #send(frame: SentFrame): void {
    if (this.#state.state === "closed") return;
    const isSlow = this.#channel.bufferedBytes() > this.#limits.sendBufferBytes;
    if (isSlow) this.#close("slow_reader");
    else this.#channel.send(frame);
    if (frame.type === "moved" && this.#channel.isOneWay) this.#close("room_moved");
  }

  #close(code: ErrorCode): void {
    if (this.#state.state === "closed") return;
    const { link } = this.#end();
    // A connection that took the session over keeps it, and a client that resumes elsewhere gets its full grace time.
    if (code === "shutting_down") link?.close();
    else link?.detach();
    this.#channel.close(closeCode(code) ?? NORMAL_CLOSURE, code);
  }

  #end(): { link: SessionLink | null } {
    const link = this.#state.state === "linked" ? this.#state.link : null;
    this.#state = { state: "closed" };
    this.#hooks.onClosed();
    return { link };
  }

  /** A socket's next frame, or on a one-way channel this end's. */
  #expectNext(): void {
    this.#expect(this.#channel.isOneWay ? PONG_EVERY_MS : this.#limits.socketIdleMs, "idle_timeout");
  }

  #expect(withinMs: number, otherwise: ErrorCode): void {
    this.#deadline.ticks = Math.ceil(withinMs / TICK_MS);
    this.#deadline.otherwise = otherwise;
  }
}
