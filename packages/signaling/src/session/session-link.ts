import { callNode, decodeText, type IncomingMessage, type Subscription, tellNode } from "@fairlead/bus";
import {
  type Acknowledgement,
  type CommandEnvelope,
  type ErrorCode,
  endsForGood,
  FairleadError,
  ForwardedMessage,
  isSessionLost,
  type Position,
  parseJson,
  subjects,
} from "@fairlead/protocol";
import { issueSessionTicket, type SessionInput } from "@fairlead/tickets";
import type { Caller } from "../http/caller.ts";
import { framesOf, type Heard } from "./heard.ts";
import type { Inbox, InboxListener } from "./inbox.ts";
import type { LinkSink, SentFrame } from "./link-sink.ts";
import { laterOf, type Moved, NOT_MOVED, overlapIn, overlapLeftMs, withOverlap } from "./moved.ts";
import type { ProofOfLife } from "./prove-alive.ts";
import type { RoomWatch } from "./room-watch.ts";
import { retryUnreachable, saysSessionLost, sendCommand } from "./send-command.ts";

/** The links of this process: who is told to be alive, whose tickets are renewed, and whose rooms are listened to. */
export type LinkRegister = {
  add(link: SessionLink): void;
  delete(link: SessionLink): void;
  readonly rooms: RoomWatch;
  readonly inbox: Inbox;
};

type State =
  /** The node has not answered yet; what it sends meanwhile comes after its answer. */
  | { state: "opening"; held: Heard[]; moved: Moved; onMoved: (epoch: number) => void }
  | { state: "live"; session: SessionInput; ticketIssuedAtMs: number }
  /** The room lives elsewhere: the session at the old place is not used any more. */
  | { state: "moved"; roomId: string; epoch: number; isOverlapTold: boolean }
  | { state: "closed" };

const ignore = () => {};

/** One attachment of a client to its session: hands the node's messages to the sink, and the client's to the node. */
export class SessionLink implements InboxListener {
  readonly #caller: Caller;
  readonly #register: LinkRegister;
  readonly #sink: LinkSink;
  #state: State = { state: "opening", held: [], moved: NOT_MOVED, onMoved: ignore };
  #subscription: Subscription | null = null;
  #roomId = "";
  #sessionId = "";
  #lastAck: Acknowledgement | null = null;
  /** The node has not been told of it. */
  #isAckDue = false;

  constructor(caller: Caller, register: LinkRegister, sink: LinkSink) {
    this.#caller = caller;
    this.#register = register;
    this.#sink = sink;
  }

  /** The session that is attached; null before the node's answer, after a move, and once closed. */
  get session(): SessionInput | null {
    return this.#state.state === "live" ? this.#state.session : null;
  }

  get isClosed(): boolean {
    return this.#state.state === "closed";
  }

  /**
   * Listens to a session and its room, instead of those before. It hears everything that a node
   * publishes because of a later request.
   * @throws {FairleadError} `bus_disconnected`.
   */
  listen(sessionId: string, roomId: string): void {
    this.#unsubscribe();
    const { bus } = this.#caller;
    this.#subscription = bus.subscribe(subjects.session(sessionId), (message) => this.#onMessage(message));
    this.#roomId = roomId;
    this.#sessionId = sessionId;
    this.#register.rooms.add(roomId, this);
    this.#register.inbox.add(sessionId, this);
  }

  /**
   * Waits for a node's answer, but no longer once the room is heard to have left it: a node that hangs answers late or never.
   * @throws {FairleadError} `lease_lost` then; what `answer` rejects with.
   */
  unlessMoved<T>(epoch: number, answer: Promise<T>): Promise<T> {
    if (this.#state.state !== "opening") return answer;
    const { promise: moved, reject } = Promise.withResolvers<never>();
    this.#state.onMoved = (to) => {
      if (to > epoch) reject(new FairleadError("lease_lost", { message: "the room has moved" }));
    };
    this.#state.onMoved(this.#state.moved.epoch);
    return Promise.race([answer, moved]);
  }

  /**
   * The node has answered: sends the first frame, then what came meanwhile, in order.
   * @param position Which event the client has had last.
   */
  async start(
    session: SessionInput,
    position: Position,
    firstFrame: (sessionTicket: string) => SentFrame,
  ): Promise<void> {
    this.#lastAck = { position, resend: false };
    const sessionTicket = await this.#issueTicket(session);
    if (this.#state.state !== "opening") return;
    const { held, moved } = this.#state;
    this.#state = { state: "live", session, ticketIssuedAtMs: this.#caller.shared.now() };
    this.#register.add(this);
    const opened = { ...session, overlapMs: overlapLeftMs(moved, this.#caller.shared.now()) };
    for (const frame of withOverlap(firstFrame(sessionTicket), opened, moved)) this.#sink.send(frame);
    for (const message of held) this.#hand(message);
    this.handleMoved(moved.epoch, opened.overlapMs);
  }

  /** Hands a command to the node; its reply goes to the sink. */
  async command(command: CommandEnvelope): Promise<void> {
    const { session } = this;
    if (!session) return;
    try {
      const reply = await sendCommand(this.#caller, session, command, () => this.session === session);
      if (this.session !== session) return;
      // Says as much as a lost node, and may come before the room's `moved`: the client joins anew, on this connection.
      if (!reply.ok && isSessionLost(reply.error.code))
        this.#end("session_gone", { overlapMs: overlapIn(reply.error) });
      else this.#sink.send(reply);
      // Its node has nothing left to be told.
      if (reply.ok && command.name === "session.leave") this.close();
    } catch (error) {
      this.#onCallFailed(session, error, "session.command_failed");
    }
  }

  /**
   * Tells the node what the client has. A later acknowledgement makes up for a lost one, so nobody waits for an answer; but a client
   * that misses something is served, or hears that its session is gone.
   */
  async acknowledge(ack: Acknowledgement): Promise<void> {
    const { session } = this;
    if (!session) return;
    this.#lastAck = ack;
    this.#isAckDue = false;
    const { shared, bus } = this.#caller;
    const request = { sessionId: session.session, connection: session.connection, ack };
    const ask = () => callNode(bus, session.incarnation, "session.ack", request);
    try {
      if (ack.resend) await retryUnreachable(shared, ask, () => this.session === session);
      else tellNode(bus, session.incarnation, "session.ack", request);
    } catch (error) {
      this.#onCallFailed(session, error, "session.ack_failed");
    }
  }

  /** The client's last ping acknowledged the events up to there: the node hears so with the next proof of life. */
  notePosition(position: Position): void {
    if (!this.session) return;
    this.#lastAck = { position, resend: false };
    this.#isAckDue = true;
  }

  /** What the node is told with a proof of life; null without a session. */
  takeProof(): ProofOfLife | null {
    if (!this.session) return null;
    const position = this.#isAckDue ? this.#lastAck?.position : undefined;
    this.#isAckDue = false;
    return { ...this.session, position };
  }

  /** The bus was away and has lost messages: asks for what came after the last acknowledged event. */
  catchUp(): void {
    if (this.#lastAck) void this.acknowledge({ ...this.#lastAck, resend: true });
  }

  /** The bus stays away: the client is told, and may resume on its connection when it likes. */
  giveUpBus(): void {
    this.#end("bus_disconnected");
  }

  /** The room has been placed under `epoch`. */
  handleMoved(epoch: number, overlapMs?: number): void {
    if (this.#state.state === "opening") {
      const overlapsUntilMs = overlapMs ? this.#caller.shared.now() + overlapMs : 0;
      this.#state.moved = laterOf(this.#state.moved, { epoch, overlapsUntilMs });
      this.#state.onMoved(epoch);
    }
    if (this.#state.state === "moved" && epoch === this.#state.epoch) this.#tellLateOverlap(overlapMs);
    if (this.#state.state !== "live" || epoch <= this.#state.session.epoch) return;
    const { room: roomId } = this.#state.session;
    this.#state = { state: "moved", roomId, epoch, isOverlapTold: overlapMs !== undefined };
    this.#register.delete(this);
    this.#sink.send({ type: "moved", roomId, epoch, overlapMs });
  }

  /** The next place told of the move first, and does not know that the former one goes on. */
  #tellLateOverlap(overlapMs: number | undefined): void {
    if (this.#state.state !== "moved" || this.#state.isOverlapTold || overlapMs === undefined) return;
    const { roomId, epoch } = this.#state;
    this.#state.isOverlapTold = true;
    this.#sink.send({ type: "moved", roomId, epoch, overlapMs });
  }

  /** Sends a fresh session ticket once half of the last one's life is over. */
  async refreshTicket(): Promise<void> {
    if (this.#state.state !== "live") return;
    const { session, ticketIssuedAtMs } = this.#state;
    const nowMs = this.#caller.shared.now();
    if (nowMs - ticketIssuedAtMs < this.#caller.shared.limits.sessionTicketTtlS * 500) return;
    this.#state.ticketIssuedAtMs = nowMs;
    const sessionTicket = await this.#issueTicket(session);
    if (this.session === session) this.#sink.send({ type: "session_ticket", sessionTicket });
  }

  /** Listens no longer. The session lives on: its grace time runs from the last proof of life. Idempotent. */
  close(): void {
    this.#state = { state: "closed" };
    this.#register.delete(this);
    this.#unsubscribe();
  }

  /** Closes, and tells the node that the grace time begins now. Nobody waits for its answer. */
  detach(isPageGone = false): void {
    const { session } = this;
    this.close();
    if (!session) return;
    const { session: sessionId, connection, incarnation } = session;
    const request = { sessionId, connection, ...(isPageGone && { isPageGone }) };
    callNode(this.#caller.bus, incarnation, "session.detach", request).catch((error: unknown) =>
      this.#caller.log.debug("session.detach_failed", { sessionId, error }),
    );
  }

  hearEvents(connection: number, position: Position, items: readonly string[]): void {
    this.#hand({ type: "inbox_events", connection, position, items });
  }

  hearTransient(connection: number, item: string): void {
    this.#hand({ type: "inbox_transient", connection, item });
  }

  /** A message that is none is a node's bug. */
  #onMessage({ subject, data }: IncomingMessage): void {
    try {
      this.#hand(parseJson(ForwardedMessage, decodeText(data), "internal"));
    } catch (error) {
      this.#caller.log.error("session.message_invalid", { subject, error });
    }
  }

  #hand(message: Heard): void {
    if (this.#state.state === "opening") this.#state.held.push(message);
    if (message.type === "ended") this.#tellLateOverlap(message.overlapMs);
    if (this.#state.state !== "live") return;
    if (message.connection > this.#state.session.connection) this.#end("session_replaced");
    else if (message.type === "ended") this.#end(message.code, message);
    else for (const frame of framesOf(message, this.#sink)) this.#sink.send(frame);
  }

  /**
   * A call that nobody answered may have acted all the same: the client is told nothing, sends its command again, and the
   * node knows it by its id. Only when the node or the session is gone the client must join anew.
   */
  #onCallFailed(session: SessionInput, error: unknown, event: string): void {
    if (this.session !== session) return;
    if (saysSessionLost(error)) {
      this.#end("session_gone", { overlapMs: overlapIn(error) });
      return;
    }
    // The message that told of it was lost, as happens while the bus is away.
    if (error instanceof FairleadError && endsForGood(error.code)) {
      this.#end(error.code);
      return;
    }
    const isExpected = error instanceof FairleadError && error.code !== "internal";
    const { session: sessionId, room: roomId } = session;
    this.#caller.log[isExpected ? "debug" : "error"](event, { sessionId, roomId, error });
  }

  #end(code: ErrorCode, said: { message?: string; overlapMs?: number | undefined } = {}): void {
    this.close();
    const { message, overlapMs } = said;
    const detail = overlapMs === undefined ? undefined : { overlapMs };
    this.#sink.onOver(new FairleadError(code, { message, detail }));
  }

  #issueTicket(session: SessionInput): Promise<string> {
    const { sessionKeys, issuer, now, limits } = this.#caller.shared;
    return issueSessionTicket(sessionKeys, session, { issuer, now, ttlS: limits.sessionTicketTtlS });
  }

  #unsubscribe(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = null;
    this.#register.rooms.delete(this.#roomId, this);
    this.#register.inbox.delete(this.#sessionId, this);
  }
}
