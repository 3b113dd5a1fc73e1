import {
  Capabilities,
  type ClientFrameInput,
  closeCode,
  type ErrorCode,
  FairleadError,
  type JoinReply,
  type RoomEvent,
  type ServerFrame,
  type Transient,
} from "@fairlead/protocol";
import type { ReconnectPolicy, SignalingTransport } from "../api/options.ts";
import type { Ways } from "../channel/ways.ts";
import { Connection } from "./connection.ts";
import type { Introduction } from "./introduction.ts";
import { judgeRefusal } from "./judge-refusal.ts";
import { restartSpreadMs } from "./restart-spread.ts";
import { type SendCommand, Session } from "./session.ts";

export type RoomLinkHandlers = {
  /** A new session, the first or one after a move: everything of the last one is void. */
  joined(joined: JoinReply, command: SendCommand): void;
  /** The session is void; the next `joined` brings another. */
  sessionLost(): void;
  event(event: RoomEvent): void;
  transient(transient: Transient): void;
  live(): void;
  away(): void;
  /** Fresh capabilities came with a refusal; `Introduction.setCapabilities` must have been called when it resolves. */
  capabilities(fresh: Capabilities): Promise<void>;
  ended(error: FairleadError): void;
};

type RoomLinkOptions = {
  ways: Ways;
  introduction: Introduction;
  policy: ReconnectPolicy;
  now: () => number;
  random: () => number;
  handlers: RoomLinkHandlers;
};

/** How long somebody who is not in yet is left waiting for the cluster to get over a fault. */
const FIRST_JOIN_PATIENCE_MS = 5_000;

/** The way to the room: a session over whatever channel is there, and a new session when the old one is lost. */
export class RoomLink {
  readonly #options: RoomLinkOptions;
  readonly #connection: Connection;
  #session: Session | null = null;
  /** The highest epoch that a `moved` named. */
  #movedToEpoch = 0;
  #mismatches = 0;
  #startedAtMs = 0;
  #isLeaving = false;
  /** Signaling restarts, and this client waits for its turn to come back. */
  #waitsForTurn = false;
  #lastRefusal: FairleadError | null = null;

  constructor(options: RoomLinkOptions) {
    this.#options = options;
    const { introduction, ways, policy, now, random } = options;
    this.#connection = new Connection({
      ...{ ways, policy, now, random },
      handlers: {
        introduce: () => introduction.frame(),
        live: (frame) => this.#handleLive(frame),
        frame: (frame) => this.#handleFrame(frame),
        away: () => this.#handleAway(),
        refused: (error, wasLive) => this.#handleRefusal(error, wasLive),
        ended: (error) => this.#handleEnded(error),
      },
    });
  }

  start(): void {
    this.#startedAtMs = this.#options.now();
    this.#connection.start();
  }

  /** What carries the session now, or did last. */
  get transport(): SignalingTransport {
    return this.#connection.transport;
  }

  /** What signaling or the node said last against a join or a resume; null: nothing, or what has been mended since. */
  get lastRefusal(): FairleadError | null {
    return this.#lastRefusal;
  }

  hurry(): void {
    this.#connection.hurry();
  }

  /** @throws {FairleadError} The node's refusal; `room_moved` when the session ended meanwhile; `node_timeout`. */
  readonly command: SendCommand = async (name, data) => {
    const session = this.#session;
    if (!session) throw new FairleadError("room_moved", { message: "between two sessions" });
    // Who has something to say does not wait with those who only listen.
    if (this.#waitsForTurn) this.#connection.hurry();
    this.#waitsForTurn = false;
    return session.command(name, data);
  };

  /** A session that is lost meanwhile is followed by no other. @throws {FairleadError} As `command`. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    await this.command("session.leave", {});
  }

  /** Idempotent; without a call of `ended`. */
  close(error: FairleadError): void {
    this.#session?.close(error);
    this.#connection.close();
  }

  #handleLive(frame: Extract<ServerFrame, { type: "joined" | "resumed" }>): void {
    const { introduction, handlers } = this.#options;
    if (frame.type === "joined") this.#startSession(frame);
    else introduction.handleSessionTicket(frame.sessionTicket);
    this.#session?.goLive();
    handlers.live();
    if (this.#session && this.#session.joined.epoch < this.#movedToEpoch) this.#rejoin();
  }

  #startSession(joined: Extract<ServerFrame, { type: "joined" }>): void {
    const { introduction, handlers, now } = this.#options;
    const session: Session = new Session(joined, {
      now,
      send: (frame: ClientFrameInput) => this.#session === session && this.#connection.send(frame),
      apply: handlers.event,
    });
    this.#session = session;
    this.#mismatches = 0;
    introduction.handleJoined(joined, () => session.position);
    handlers.joined(joined, session.command);
  }

  #handleFrame(frame: ServerFrame): void {
    if (frame.type === "event") this.#session?.handleEvent(frame);
    else if (frame.type === "transient") this.#options.handlers.transient(frame.transient);
    else if (frame.type === "session_ticket") {
      this.#options.introduction.handleSessionTicket(frame.sessionTicket);
    } else if (frame.type === "moved") this.#handleMoved(frame.epoch);
    else if (frame.type === "reply") {
      this.#session?.handleReply(frame);
      // A command that found no session says as much as an error frame.
      if (!frame.ok && this.#judge(frame.error.code) === "rejoin") this.#rejoin();
    }
  }

  #handleMoved(epoch: number): void {
    this.#movedToEpoch = Math.max(this.#movedToEpoch, epoch);
    if (this.#session && this.#session.joined.epoch < epoch) this.#rejoin();
  }

  #judge(code: ErrorCode): ReturnType<typeof judgeRefusal> {
    const { introduction } = this.#options;
    if (!introduction.isJoin) return judgeRefusal(code, "session");
    return judgeRefusal(code, introduction.hasPreviousSession ? "rejoin" : "first_join");
  }

  #handleRefusal(error: FairleadError, wasLive: boolean): void {
    const { introduction } = this.#options;
    const verdict = this.#judge(error.code);
    this.#lastRefusal = error;
    if (verdict === "rejoin") this.#rejoin(error);
    else if (verdict === "retry") this.#retry(error, wasLive);
    else if (verdict === "retry_briefly") this.#retryBriefly(error);
    else if (verdict === "reload_capabilities") void this.#reloadCapabilities(error);
    else if (error.code === "session_invalid" && introduction.hasPreviousSession) {
      introduction.forgetPreviousSession();
      this.#connection.introduce(error);
    } else if (introduction.isJoin || closeCode(error.code) !== null) this.#connection.end(error);
    // Else the refusal of one frame of a session that goes on.
  }

  #retry(error: FairleadError, wasLive: boolean): void {
    const { policy, random } = this.#options;
    const graceMs = this.#session?.joined.graceMs ?? 0;
    const isRestart = wasLive && error.code === "shutting_down" && error.retryAfterMs === undefined;
    // Who waits for an answer does not wait with those who only listen.
    this.#waitsForTurn = isRestart && !this.#session?.isWaiting;
    const retryAfterMs = restartSpreadMs(graceMs, policy.giveUpAfterMs) * random();
    this.#connection.retry(this.#waitsForTurn ? new FairleadError(error.code, { retryAfterMs }) : error);
  }

  #retryBriefly(error: FairleadError): void {
    const waitedMs = this.#options.now() - this.#startedAtMs;
    if (waitedMs < FIRST_JOIN_PATIENCE_MS) this.#connection.retry(error);
    else this.#connection.end(error);
  }

  async #reloadCapabilities(error: FairleadError): Promise<void> {
    const fresh = Capabilities.safeParse(error.detail?.capabilities);
    this.#mismatches += 1;
    try {
      if (!fresh.success || this.#mismatches > 1) throw error;
      await this.#options.handlers.capabilities(fresh.data);
      this.#lastRefusal = null;
      this.#connection.introduce();
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
    this.#options.handlers.sessionLost();
    lost.close(new FairleadError("room_moved"));
    this.#options.introduction.startOver();
    this.#connection.introduce(refusal);
  }

  #handleAway(): void {
    this.#session?.goAway();
    this.#options.handlers.away();
  }

  #handleEnded(error: FairleadError): void {
    this.#session?.close(error);
    this.#options.handlers.ended(error);
  }
}
