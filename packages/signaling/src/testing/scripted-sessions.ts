import { type Bus, encodeJson } from "@fairlead/bus";
import {
  FairleadError,
  type JoinReply,
  type NodeCallRequest,
  type SessionMessage,
  subjects,
} from "@fairlead/protocol";

type Session = { reply: JoinReply };

/** The sessions of a scripted node, by session id. */
export class ScriptedSessions {
  readonly #bus: Bus;
  readonly #sessions = new Map<string, Session>();
  readonly #byJoin = new Map<string, Session>();

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  get size(): number {
    return this.#sessions.size;
  }

  publish(sessionId: string, message: SessionMessage): void {
    this.#bus.publish(subjects.session(sessionId), encodeJson(message));
  }

  /** Opens a session and sends its first event; the same join again is a newer connection of the same session. */
  join(request: NodeCallRequest<"room.join">): JoinReply {
    const { joinId } = request.join;
    const known = this.#byJoin.get(joinId);
    if (known) return this.#raise(known);
    const reply = joinReplyOf(request);
    const session = { reply };
    this.#sessions.set(reply.sessionId, session);
    this.#byJoin.set(joinId, session);
    const event = { name: "snapshot.ended" as const, data: {} };
    const events = [{ position: `${reply.epoch}:1`, event }];
    this.publish(reply.sessionId, { type: "events", connection: 1, events });
    return reply;
  }

  attach(sessionId: string): { connection: number } {
    const { connection } = this.#raise(this.#find(sessionId));
    return { connection };
  }

  /** @throws {FairleadError} `session_gone`, `session_replaced`. */
  assertHere(sessionId: string, connection: number): void {
    if (this.#find(sessionId).reply.connection !== connection) throw new FairleadError("session_replaced");
  }

  leave(sessionId: string, connection: number): void {
    this.assertHere(sessionId, connection);
    this.#sessions.delete(sessionId);
    this.publish(sessionId, { type: "ended", connection, code: "session_left", message: "" });
  }

  #find(sessionId: string): Session {
    const session = this.#sessions.get(sessionId);
    if (!session) throw new FairleadError("session_gone");
    return session;
  }

  #raise(session: Session): JoinReply {
    const connection = session.reply.connection + 1;
    session.reply = { ...session.reply, connection };
    this.publish(session.reply.sessionId, { type: "attached", connection });
    return session.reply;
  }
}

function joinReplyOf({ sessionId, lease }: NodeCallRequest<"room.join">): JoinReply {
  const offer = { id: "transport", iceParameters: {}, iceCandidates: [], dtlsParameters: {} };
  return {
    sessionId,
    peerId: `peer-${sessionId}`,
    roomId: lease.roomId,
    epoch: lease.epoch,
    connection: 1,
    position: `${lease.epoch}:0`,
    joinedAtMs: lease.epoch,
    grants: { publish: [], subscribe: true, data: false, moderate: false },
    sendTransport: offer,
    receiveTransport: offer,
    iceServers: [],
    graceMs: 15_000,
  };
}
