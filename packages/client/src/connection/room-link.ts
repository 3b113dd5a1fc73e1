import {
  Capabilities,
  type ClientFrameInput,
  closeCode,
  type ErrorCode,
  FairleadError,
  type JoinReply,
  positionAfter,
  type RoomEvent,
  type ServerFrame,
  type Transient,
  within,
} from "@fairlead/protocol";
import type { ReconnectPolicy, SignalingTransport } from "../api/options.ts";
import type { ChannelOpener } from "../channel/channel-opener.ts";
import type { RunningClock } from "../running-clock.ts";
import { type Admission, LEAVE } from "./admission.ts";
import { Connection } from "./connection.ts";
import { FIRST_JOIN_PATIENCE_MS, judgeRefusal, overlapAfter } from "./judge-refusal.ts";
import { restartSpreadMs } from "./reconnect-policy.ts";
import { type SendCommand, Session } from "./session.ts";

export type RoomLinkHandlers = {
  /**
   * A new session, the first or one after a move, replaces everything of the last one.
   * @param overlapMs So long the media of the last one goes on, from about now; 0: it is gone.
   */
  joined(joined: JoinReply, command: SendCommand, overlapMs: number): void;
  /** What the media of the present session came to lately, bits/s; 0: not known. */
  receivedBps(): number;
  /** The session has ended; the next `joined` brings another. */
  sessionLost(): void;
  event(event: RoomEvent): void;
  transient(transient: Transient): void;
  live(): void;
  away(): void;
  /** A refusal brought fresh capabilities. Resolves once `Admission.setCapabilities` was called with them. */
  capabilities(fresh: Capabilities): Promise<void>;
  ended(error: FairleadError): void;
};

type RoomLinkOptions = {
  opener: ChannelOpener;
  admission: Admission;
  policy: ReconnectPolicy;
  /** Closed with the link. */
  clock: RunningClock;
  random: () => number;
  handlers: RoomLinkHandlers;
};

/** How long `leave()` waits for the node's answer, and for a channel if none is open. The link itself waits longer. */
const LEAVE_TIMEOUT_MS = 1_000;

/** For a link that nobody listens to any more. */
const NO_HANDLERS: RoomLinkHandlers = {
  joined: () => {},
  receivedBps: () => 0,
  sessionLost: () => {},
  event: () => {},
  transient: () => {},
  live: () => {},
  away: () => {},
  capabilities: async () => {},
  ended: () => {},
};

/** Keeps this peer in its room: a session over any channel, and a new session when the old one is lost. */
export class RoomLink {
  readonly #options: RoomLinkOptions;
  readonly #connection: Connection;
  #handlers: RoomLinkHandlers;
  #session: Session | null = null;
  /** The highest epoch that a `moved` named. */
  #movedToEpoch = 0;
  /** Until when the last session's media goes on. */
  #overlapsUntilMs = 0;
  #mismatches = 0;
  #startedAtMs = 0;
  #isLeaving = false;
  readonly #over = Promise.withResolvers<void>();
  /** Signaling restarts, and this client waits for its turn to return. */
  #waitsForTurn = false;
  #lastRefusal: FairleadError | null = null;

  constructor(options: RoomLinkOptions) {
    this.#options = options;
    this.#handlers = options.handlers;
    const { admission, opener, policy, clock, random } = options;
    this.#connection = new Connection({
      opener,
      policy,
      clock,
      random,
      handlers: {
        openingFrame: () => admission.openingFrame(),
        live: (frame) => this.#handleLive(frame),
        frame: (frame) => this.#handleFrame(frame),
        pingPosition: () => this.#session?.pingPosition(),
        away: () => this.#handleAway(),
        refused: (error, wasLive) => this.#handleRefusal(error, wasLive),
        ended: (error) => this.#handleEnded(error),
      },
    });
  }

  start(): void {
    this.#startedAtMs = this.#options.clock.now();
    this.#connection.start();
  }

  /** The transport that carries the session now, or did last. */
  get transport(): SignalingTransport {
    return this.#connection.transport;
  }

  /** Why there is no session: signaling is away, or the last refusal; null if there was none, or if its cause has been removed. */
  get lastRefusal(): FairleadError | null {
    return this.#connection.lastLoss ?? this.#lastRefusal;
  }

  /** The browser says that it is offline. */
  checkLife(): void {
    this.#connection.checkLife();
  }

  retryNow(): void {
    this.#connection.retryNow();
  }

  /** @throws {FairleadError} The node's refusal; `room_moved` when the session ended meanwhile; `node_timeout`. */
  readonly command: SendCommand = async (name, data) => {
    const session = this.#session;
    if (!session) throw new FairleadError("room_moved", { message: "between two sessions" });
    // A client with a command to send does not wait for its turn.
    if (this.#waitsForTurn) this.#connection.retryNow();
    this.#waitsForTurn = false;
    return session.command(name, data);
  };

  /**
   * Resolves when the node knows, or after a while. Calls no handler from now on. The link itself stays until the node knows: a join
   * on its way is left once it is answered, and a lost channel is opened again for it. Closing at once would keep this peer in the
   * room for the grace time.
   */
  async leave(): Promise<void> {
    if (!this.#isLeaving) this.#startLeaving();
    await within(LEAVE_TIMEOUT_MS, this.#over.promise).catch(() => {});
  }

  #startLeaving(): void {
    this.#isLeaving = true;
    this.#handlers = NO_HANDLERS;
    if (this.#session) void this.#leaveSession(this.#session);
    else this.#connection.askNoMore(LEAVE);
  }

  /** After the grace time the node has freed the peer by itself. */
  async #leaveSession({ joined }: Session): Promise<void> {
    await within(joined.graceMs, this.command("session.leave", {})).catch(() => {});
    this.close(new FairleadError("session_left"));
  }

  /** Closes without calling `ended`. Idempotent. */
  close(error: FairleadError): void {
    this.#session?.close(error);
    this.#connection.close();
    this.#options.clock.close();
    this.#over.resolve();
  }

  #handleLive(frame: Extract<ServerFrame, { type: "joined" | "resumed" }>): void {
    const { admission } = this.#options;
    if (frame.type === "joined") this.#startSession(frame);
    else admission.handleSessionTicket(frame.sessionTicket);
    this.#session?.goLive({ acksByPing: frame.acksByPing === true });
    this.#handlers.live();
    if (this.#isLeaving && this.#session && frame.type === "joined") void this.#leaveSession(this.#session);
    if (this.#session && this.#session.joined.epoch < this.#movedToEpoch) this.#rejoin();
  }

  #startSession(joined: Extract<ServerFrame, { type: "joined" }>): void {
    const { admission, clock } = this.#options;
    const session: Session = new Session(joined, {
      now: clock.now,
      send: (frame: ClientFrameInput) => this.#session === session && this.#connection.send(frame),
      apply: (event) => this.#handlers.event(event),
    });
    this.#session = session;
    this.#mismatches = 0;
    admission.handleJoined(joined, () => session.position);
    this.#handlers.joined(joined, session.command, Math.max(0, this.#overlapsUntilMs - clock.now()));
  }

  #handleFrame(frame: ServerFrame): void {
    if (frame.type === "event") this.#session?.handleEvent(frame);
    else if (frame.type === "events") {
      for (const [index, event] of frame.events.entries())
        this.#session?.handleEvent({ position: positionAfter(frame.position, index), event });
    } else if (frame.type === "transient") this.#handlers.transient(frame.transient);
    else if (frame.type === "session_ticket") {
      this.#options.admission.handleSessionTicket(frame.sessionTicket);
    } else if (frame.type === "moved") this.#handleMoved(frame);
    else if (frame.type === "reply") {
      this.#session?.handleReply(frame);
      // A command that found no session means the same as an error frame.
      if (!frame.ok && this.#judge(frame.error.code) === "rejoin") this.#rejoin();
    }
  }

  #handleMoved({ epoch, overlapMs = 0 }: Extract<ServerFrame, { type: "moved" }>): void {
    // Both places tell of a move, and the next one may do so first: it does not know that the former one goes on.
    const untilMs = this.#options.clock.now() + overlapMs;
    if (!this.#session && epoch === this.#movedToEpoch && overlapMs > 0) this.#overlapsUntilMs = untilMs;
    this.#movedToEpoch = Math.max(this.#movedToEpoch, epoch);
    if (!this.#session || this.#session.joined.epoch >= epoch) return;
    this.#rejoin();
    this.#overlapsUntilMs = untilMs;
  }

  #judge(code: ErrorCode): ReturnType<typeof judgeRefusal> {
    const { admission } = this.#options;
    if (!admission.isJoin) return judgeRefusal(code, "session");
    return judgeRefusal(code, admission.hasPreviousSession ? "rejoin" : "first_join");
  }

  #handleRefusal(error: FairleadError, wasLive: boolean): void {
    const { admission } = this.#options;
    const verdict = this.#judge(error.code);
    this.#lastRefusal = error;
    if (this.#isLeaving && admission.isJoin) this.#connection.end(error);
    else if (verdict === "rejoin") this.#rejoin(error);
    else if (verdict === "retry") this.#retry(error, wasLive);
    else if (verdict === "retry_briefly") this.#retryBriefly(error);
    else if (verdict === "reload_capabilities") void this.#reloadCapabilities(error);
    else if (error.code === "session_invalid" && admission.hasPreviousSession) {
      admission.forgetPreviousSession();
      this.#connection.requestSession(error);
    } else if (admission.isJoin || closeCode(error.code) !== null) this.#connection.end(error);
    // Otherwise one frame was refused, and the session goes on.
  }

  #retry(error: FairleadError, wasLive: boolean): void {
    const { policy, random } = this.#options;
    const graceMs = this.#session?.joined.graceMs ?? 0;
    const isRestart = wasLive && error.code === "shutting_down" && error.retryAfterMs === undefined;
    // A client that awaits replies does not wait for its turn.
    this.#waitsForTurn = isRestart && !this.#session?.isWaiting;
    const retryAfterMs = restartSpreadMs(graceMs, policy.giveUpAfterMs) * random();
    this.#connection.retry(this.#waitsForTurn ? new FairleadError(error.code, { retryAfterMs }) : error);
  }

  #retryBriefly(error: FairleadError): void {
    const leftMs = this.#options.clock.leftMs(this.#startedAtMs, FIRST_JOIN_PATIENCE_MS);
    if (leftMs > 0) this.#connection.retry(error);
    else this.#connection.end(error);
  }

  async #reloadCapabilities(error: FairleadError): Promise<void> {
    const fresh = Capabilities.safeParse(error.detail?.capabilities);
    this.#mismatches += 1;
    try {
      if (!fresh.success || this.#mismatches > 1) throw error;
      await this.#handlers.capabilities(fresh.data);
      this.#lastRefusal = null;
      this.#connection.requestSession();
    } catch (cause) {
      this.#connection.end(new FairleadError(error.code, { message: error.message, cause }));
    }
  }

  #rejoin(refusal?: FairleadError): void {
    if (this.#session === null) return;
    if (this.#isLeaving) {
      this.#connection.end(new FairleadError("session_left"));
      return;
    }
    const lost = this.#session;
    this.#session = null;
    this.#overlapsUntilMs = this.#options.clock.now() + overlapAfter(refusal);
    this.#options.admission.noteReceived(this.#handlers.receivedBps());
    this.#handlers.sessionLost();
    lost.close(new FairleadError("room_moved"));
    this.#options.admission.startOver();
    this.#connection.requestSession(refusal);
  }

  #handleAway(): void {
    this.#session?.goAway();
    this.#handlers.away();
  }

  #handleEnded(error: FairleadError): void {
    this.#session?.close(error);
    this.#options.clock.close();
    this.#over.resolve();
    this.#handlers.ended(error);
  }
}
