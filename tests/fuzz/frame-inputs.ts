import {
  Acknowledgement,
  ClientFrame,
  COMMANDS,
  errorCodeOfClose,
  FRAME_LIMIT,
  type ServerFrame,
} from "@fairlead/protocol";
import * as fc from "fast-check";
import { expect } from "vitest";
import { applyCommand } from "./command-effects.ts";
import { CommandInputs, commandText, type DrawnCommand, isData } from "./command-inputs.ts";
import { type Damage, damaged, damages } from "./damage.ts";
import { draws } from "./draws.ts";
import { fromSchema } from "./from-schema.ts";
import type { FuzzPeer } from "./fuzz-peer.ts";
import { type Answer, FuzzSocket } from "./fuzz-socket.ts";
import type { Lane } from "./lane.ts";
import { LIVE_KINDS } from "./live-kinds.ts";

/** A description of one input, by which a person finds out what went wrong with it. */
export type Tell = (input: unknown) => void;

const ClientFrames: fc.Arbitrary<unknown> = fromSchema(ClientFrame, LIVE_KINDS);
const garbage: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  fc.string({ unit: "binary", maxLength: 100 }),
  fc.json(),
  fc.uint8Array({ maxLength: 64 }),
  fc.constantFrom("x".repeat(65_537), "[".repeat(60_000), '{"type":"ping"', '{"type":"__proto__"}', ""),
);
/** Frames on WebSockets, the first ones and those of joined peers. */
export class FrameInputs {
  readonly #lane: Lane;
  readonly commands: CommandInputs;
  readonly #frames: () => unknown;
  readonly #acks: () => unknown;
  readonly #garbage: () => string | Uint8Array;
  readonly #damages: () => Damage;

  constructor(lane: Lane, seed: number) {
    this.#lane = lane;
    this.commands = new CommandInputs(lane, seed);
    this.#frames = draws(ClientFrames, seed);
    this.#acks = draws(fromSchema(Acknowledgement, LIVE_KINDS), seed);
    this.#garbage = draws(garbage, seed);
    this.#damages = draws(damages, seed);
  }

  /** One frame of a joined peer, whose socket is opened before if it has none. */
  async onSession(tell: Tell): Promise<void> {
    const { subject } = this.#lane;
    if (!subject || !this.#lane.peers.includes(subject)) return this.onFreshSocket(tell);
    if (!subject.socket?.isOpen) return this.#resume(subject, tell);
    const lane = this.#lane;
    if (lane.chance(0.02)) return this.#garbled(subject, subject.socket, tell);
    if (lane.chance(0.12)) return this.#acknowledge(subject.socket, tell);
    return this.#command(subject, subject.socket, tell);
  }

  /** The first frame of a socket. */
  async onFreshSocket(tell: Tell): Promise<void> {
    const lane = this.#lane;
    const frame = lane.resolve(this.#frames());
    const data = lane.chance(0.15)
      ? this.#garbage()
      : lane.chance(0.2)
        ? damaged(frame, this.#damages())
        : JSON.stringify(frame);
    tell({ first: data });
    const socket = await FuzzSocket.open(lane.cluster.url);
    lane.coverage.note("GET /v1/connect", "101");
    const answer = await socket.ask(data, ({ type }) => ["joined", "resumed", "pong"].includes(type));
    await this.#opened(socket, answer, typeof data === "string" ? data : "");
  }

  /** The frame's `type`; frames that don't parse have one too. */
  async #opened(socket: FuzzSocket, answer: Answer, text: string): Promise<void> {
    const lane = this.#lane;
    const code = this.#codeOf(answer);
    const type = typeOf(text);
    lane.coverage.input(code);
    lane.coverage.note(`frame ${type}`, code);
    if (answer.type === "frame" && answer.frame.type === "joined") {
      lane.admitted(JSON.parse(text).ticket, answer.frame, socket);
    } else if (answer.type === "frame" && answer.frame.type === "resumed") {
      await this.#took(socket, answer.frame, JSON.parse(text).sessionTicket);
    } else socket.terminate();
    await lane.reap();
  }

  /** The session's older socket learns that it was replaced. */
  async #took(
    socket: FuzzSocket,
    { sessionTicket }: Extract<ServerFrame, { type: "resumed" }>,
    shown: string,
  ): Promise<void> {
    const peer = this.#lane.peers.find(({ sessionId }) => sessionId === sessionOf(shown));
    if (!peer) throw new Error("a session that is gone was resumed");
    const older = peer.socket;
    if (older?.isOpen) expect(errorCodeOfClose(await older.closed())).toBe("session_replaced");
    socket.position ||= peer.position;
    for (const id of peer.consumerIds) socket.consumerIds.push(id);
    Object.assign(peer, { socket, sessionTicket, consumerIds: socket.consumerIds });
  }

  /** As a client does it. What its peer has is there still. */
  async #resume(peer: FuzzPeer, tell: Tell): Promise<void> {
    const lane = this.#lane;
    const { sessionTicket, socket: last } = peer;
    const position = last?.position || peer.position;
    const text = JSON.stringify({ type: "resume", protocolVersion: 1, sessionTicket, position });
    tell({ resume: position });
    const socket = await FuzzSocket.open(lane.cluster.url);
    const answer = await socket.ask(text, ({ type }) => type === "resumed");
    const code = this.#codeOf(answer);
    expect(code, "a session of a peer that is there is resumed").toBe("ok");
    await this.#opened(socket, answer, text);
  }

  async #garbled(peer: FuzzPeer, socket: FuzzSocket, tell: Tell): Promise<void> {
    const lane = this.#lane;
    const frame = lane.resolve(this.#frames());
    const data = lane.chance(0.4) ? this.#garbage() : damaged(frame, this.#damages());
    tell({ garbled: data });
    const type = typeOf(typeof data === "string" ? data : "");
    if (type === "command" || type === "ack")
      return this.#maybeHeard(peer, socket, { text: String(data), tell });
    const answer = await socket.ask(data, (sent) => sent.type === "pong");
    const code = this.#codeOf(answer);
    lane.coverage.input(code);
    lane.coverage.note(`frame ${type}`, code);
  }

  /** Damage that leaves it a frame may leave it without an answer: a `ping` behind it gets one. */
  async #maybeHeard(
    peer: FuzzPeer,
    socket: FuzzSocket,
    { text, tell }: { text: string; tell: Tell },
  ): Promise<void> {
    const lane = this.#lane;
    const isFrame = text.length <= FRAME_LIMIT && ClientFrame.safeParse(JSON.parse(text)).success;
    // It acts: what it should do is the other inputs' to check.
    if (isFrame && typeOf(text) === "command") return this.#acknowledge(socket, tell);
    socket.sendText(text);
    const code = this.#codeOf(await socket.ask('{"type":"ping"}', ({ type }) => type === "pong"));
    expect(code === "ok", `${peer.peerId}: only what is no frame ends a connection`).toBe(isFrame);
    lane.coverage.input(code);
    lane.coverage.note(`frame ${typeOf(text)}`, code);
  }

  async #acknowledge(socket: FuzzSocket, tell: Tell): Promise<void> {
    const lane = this.#lane;
    const isPing = lane.chance(0.4);
    const ack = { type: "ack", ...(lane.resolve(this.#acks()) as object) };
    tell(isPing ? "ping" : ack);
    if (!isPing) socket.sendText(JSON.stringify(ack));
    const answer = await socket.ask('{"type":"ping"}', ({ type }) => type === "pong");
    const code = this.#codeOf(answer);
    expect(code).toBe("ok");
    lane.coverage.input(code);
    lane.coverage.note(`frame ${isPing ? "ping" : "ack"}`, code);
  }

  async #command(peer: FuzzPeer, socket: FuzzSocket, tell: Tell): Promise<void> {
    const lane = this.#lane;
    const { name, data } = this.commands.draw();
    if (!isData(data)) return this.#noCommand(socket, { name, data }, tell);
    const isKnown = Object.hasOwn(COMMANDS, name);
    const { expected, ...ids } = peer.commands.draw(lane.random, isKnown);
    const text = commandText({ name, data }, ids);
    tell(text);
    const before = socket.replies.get(ids.id) ?? 0;
    const answer = await socket.ask(text, (sent) => sent.type === "reply" && sent.id === ids.id);
    const code = this.#codeOf(answer);
    lane.coverage.input(code);
    lane.coverage.note("frame command", code === "ok" ? "ok" : "refused");
    lane.coverage.note(`command ${isKnown ? name : "(none of ours)"}`, code);
    if (answer.type === "closed" || answer.frame.type !== "reply")
      this.endedItself(peer, { name, data }, code);
    else {
      expect(socket.replies.get(ids.id), "one reply to a command").toBe(before + 1);
      this.settle(peer, { name, data, id: ids.id }, expected, answer.frame);
    }
    // Its own leave is answered, and its socket is left to it.
    if (name === "session.leave" && code === "ok") socket.terminate();
    await lane.reap();
  }

  /** A frame that is no command ends the connection, and the node hears nothing. */
  async #noCommand(socket: FuzzSocket, drawn: DrawnCommand, tell: Tell): Promise<void> {
    const text = commandText(drawn, { id: 1, settledBelow: 1 });
    tell(text);
    const code = this.#codeOf(await socket.ask(text, () => false));
    expect(code).toBe("invalid_frame");
    this.#lane.coverage.input(code);
    this.#lane.coverage.note("frame command", code);
  }

  /** A peer that removes itself is told so like any other that is removed. */
  endedItself(peer: FuzzPeer, { name, data }: DrawnCommand, code: string): void {
    expect([name, code], "the only end that is an answer").toEqual([
      "peer.remove",
      expect.stringMatching(/^(peer_removed|session_gone)$/),
    ]);
    const { peerId, ban } = COMMANDS["peer.remove"].request.parse(JSON.parse(data));
    expect(peerId).toBe(peer.peerId);
    expect(peer.grants.moderate).toBe(true);
    this.#lane.model.removed(peer.room, peer.peerId, ban);
  }

  settle(
    peer: FuzzPeer,
    sent: DrawnCommand & { id: number },
    expected: string,
    reply: Extract<ServerFrame, { type: "reply" }>,
  ): void {
    const { name, data, id } = sent;
    if (!reply.ok) this.#lane.expectAllowed(reply.error);
    if (!Object.hasOwn(COMMANDS, name)) {
      expect(reply.ok ? "ok" : reply.error.code).toBe("unknown_command");
      return;
    }
    const text = JSON.stringify(reply);
    if (expected === "repeated") expect(peer.commands.isSame(id, text), "the first reply again").toBe(true);
    else if (expected === "acts") {
      peer.commands.answered(id, text);
      if (reply.ok) applyCommand(this.#lane.model, peer, name, JSON.parse(data), reply.data);
    } else expect(reply.ok ? "ok" : reply.error.code).toBe(expected);
  }

  /** @returns The answer's code, or `ok`; a close code is that of the code that was told. */
  #codeOf(answer: Answer): string {
    if (answer.type === "frame") {
      const { frame } = answer;
      const error =
        frame.type === "error" ? frame.error : frame.type === "reply" && !frame.ok ? frame.error : null;
      if (error) this.#lane.expectAllowed(error);
      return error?.code ?? "ok";
    }
    expect(answer.error, `told before the close with ${answer.code}`).not.toBeNull();
    const code = answer.error?.code ?? "";
    expect(errorCodeOfClose(answer.code)).toBe(code);
    expect(answer.reason).toBe(code);
    this.#lane.expectAllowed(answer.error ?? { code: "internal", message: "closed" });
    return code;
  }
}

export function sessionOf(sessionTicket: string): string {
  return JSON.parse(Buffer.from(sessionTicket.split(".")[1] ?? "", "base64url").toString()).session;
}

const TYPES = ["join", "resume", "command", "ack", "ping"];

function typeOf(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    const type = typeof value === "object" && value !== null && "type" in value ? String(value.type) : "";
    return TYPES.includes(type) ? type : "(none of ours)";
  } catch {
    return "(none of ours)";
  }
}
