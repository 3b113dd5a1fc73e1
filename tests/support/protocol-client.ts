import {
  type Acknowledgement,
  type ClientFrameInput,
  type CommandInput,
  type CommandName,
  CommandOutbox,
  type CommandReply,
  capabilitiesOf,
  DEFAULT_CODEC_POLICY,
  EventAcknowledger,
  EventCursor,
  FairleadError,
  fromErrorBody,
  type JoinRequest,
  type NumberedEvent,
  PROTOCOL_VERSION,
  randomId,
  type ServerFrame,
} from "@fairlead/protocol";
import { RoomView } from "./room-view.ts";
import { openWebSocket } from "./wires/open-websocket.ts";
import type { OpenWire, Wire } from "./wires/wire.ts";

export type FrameOf<T extends ServerFrame["type"]> = Extract<ServerFrame, { type: T }>;
export type JoinOptions = { ticket: string } & Partial<
  Pick<JoinRequest, "joinId" | "autoSubscribe" | "previousSession" | "rtpCapabilities">
>;

const ACK_TICK_MS = 100;
const WAIT_MS = 15_000;
const { version, routerRtpCapabilities } = capabilitiesOf(DEFAULT_CODEC_POLICY);

/** A join as a browser that can do all that the default policy names would send it. */
export function joinFrame(options: JoinOptions): FrameInput<"join"> {
  return {
    type: "join",
    protocolVersion: PROTOCOL_VERSION,
    joinId: randomId(),
    capabilitiesVersion: version,
    rtpCapabilities: routerRtpCapabilities,
    overlaps: true,
    ...options,
  };
}

type FrameInput<T> = Extract<ClientFrameInput, { type: T }>;

/**
 * A peer without media: speaks the protocol over a real WebSocket, or over HTTP, applies and acknowledges events in order, and
 * keeps every frame that came. It does nothing by itself on a loss or a move: `resume` and `rejoin` are the caller's.
 */
export class ProtocolClient {
  url: string;
  readonly view = new RoomView();
  /** Every frame that came, over all sockets. */
  readonly frames: ServerFrame[] = [];
  /** Every event applied, in order. */
  readonly events: NumberedEvent[] = [];
  /** Of the last WebSocket that closed. */
  closeCode: number | null = null;
  #openWire: OpenWire;
  #wire: Wire | null = null;
  #joined: FrameOf<"joined"> | null = null;
  #sessionTicket = "";
  #options: JoinOptions = { ticket: "" };
  #outbox = new CommandOutbox();
  #cursor = new EventCursor("0:0");
  #acknowledger = new EventAcknowledger(Date.now);
  #ticks: ReturnType<typeof setInterval> | undefined;
  readonly #watchers = new Set<() => void>();

  /** @param url `http(s)://host:port` of signaling. */
  constructor(url: string, openWire: OpenWire = openWebSocket) {
    this.url = url;
    this.#openWire = openWire;
  }

  static async join(url: string, options: JoinOptions, openWire?: OpenWire): Promise<ProtocolClient> {
    const client = new ProtocolClient(url, openWire);
    await client.connect();
    await client.join(options);
    return client;
  }

  /** The answer of the last join. */
  get joined(): FrameOf<"joined"> {
    if (!this.#joined) throw new Error("not joined yet");
    return this.#joined;
  }

  get peerId(): string {
    return this.joined.peerId;
  }

  get sessionTicket(): string {
    return this.#sessionTicket;
  }

  /** The last event applied. */
  get position(): string {
    return this.#cursor.position;
  }

  get isConnected(): boolean {
    return this.#wire?.isOpen() ?? false;
  }

  get isClosed(): boolean {
    return this.#wire?.isClosed() ?? true;
  }

  /** Opens a connection, in place of the last one. */
  async connect(): Promise<void> {
    let wire: Wire | undefined;
    const onClose = (code: number | null) => {
      this.closeCode = code;
      if (this.#wire === wire) clearInterval(this.#ticks);
      this.#wake();
    };
    wire = await this.#openWire(this.url, { onFrame: (frame) => this.#receive(frame), onClose });
    this.#wire = wire;
    clearInterval(this.#ticks);
    this.#ticks = setInterval(() => this.#acknowledge(this.#acknowledger.tick(this.position)), ACK_TICK_MS);
  }

  /** @throws {FairleadError} The refusal. */
  async join(options: JoinOptions): Promise<void> {
    this.#options = options;
    this.send(joinFrame(options));
    await this.#answer("joined");
  }

  /** Joins again on the open socket, as after `moved`: a new session, whose snapshot replaces the view. */
  async rejoin(): Promise<void> {
    const { joinId: _, ...options } = this.#options;
    await this.join({ ...options, previousSession: this.#sessionTicket });
  }

  /** Comes back to the session on a new connection, elsewhere where `to` says so; unanswered commands are sent again. */
  async resume(to: { url?: string; openWire?: OpenWire } = {}): Promise<void> {
    this.url = to.url ?? this.url;
    this.#openWire = to.openWire ?? this.#openWire;
    await this.connect();
    const { sessionTicket, position } = this;
    this.send({ type: "resume", protocolVersion: PROTOCOL_VERSION, sessionTicket, position });
    await this.#answer("resumed");
    for (const command of this.#outbox.unanswered()) this.send({ type: "command", ...command });
  }

  /** @throws {FairleadError} The node's refusal. */
  async command<N extends CommandName>(name: N, data: CommandInput<N>): Promise<CommandReply<N>> {
    const { id, reply } = this.#outbox.add(name, data);
    const envelope = this.#outbox.envelope(id);
    if (envelope && this.isConnected) this.send({ type: "command", ...envelope });
    return (await reply) as CommandReply<N>;
  }

  send(frame: ClientFrameInput): void {
    this.sendText(JSON.stringify(frame));
  }

  sendText(text: string): void {
    this.#wire?.send(text);
  }

  /** The network goes away: no close frame, no leave. */
  drop(): void {
    this.#wire?.drop();
  }

  async leave(): Promise<void> {
    // An acknowledgement behind the leave may be answered before it: that the session is gone, as it should be.
    await this.command("session.leave", {}).catch((error) => {
      if (error.code !== "session_gone") throw error;
    });
    await this.close();
  }

  /** @param code RFC 6455 § 7.4, by WebSocket only. */
  async close(code?: number): Promise<void> {
    this.#wire?.close(code);
    await this.until(() => this.isClosed, "close");
  }

  framesOf<T extends ServerFrame["type"]>(type: T): FrameOf<T>[] {
    return this.frames.filter((frame): frame is FrameOf<T> => frame.type === type);
  }

  /** Resolves once `condition` holds; asked again after each frame. @throws {Error} After 15 s. */
  async until(condition: () => boolean, what: string, withinMs = WAIT_MS): Promise<void> {
    if (condition()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const watch = () => condition() && resolve();
    const timer = setTimeout(() => reject(new Error(`waited too long for: ${what}`)), withinMs);
    this.#watchers.add(watch);
    await promise.finally(() => {
      clearTimeout(timer);
      this.#watchers.delete(watch);
    });
  }

  async #answer(type: "joined" | "resumed"): Promise<void> {
    const seen = this.frames.length;
    const fresh = () =>
      this.frames.slice(seen).find((frame) => frame.type === type || frame.type === "error");
    await this.until(() => fresh() !== undefined || !this.isConnected, type);
    const frame = fresh();
    if (frame?.type === "error") throw fromErrorBody(frame.error);
    if (!frame) throw new FairleadError("session_gone", { message: "the socket closed without an answer" });
  }

  #receive(frame: ServerFrame): void {
    this.frames.push(frame);
    if ("sessionTicket" in frame) this.#sessionTicket = frame.sessionTicket;
    if (frame.type === "joined") this.#begin(frame);
    if (frame.type === "event") this.#apply(frame);
    if (frame.type === "reply") this.#outbox.settle(frame);
    if (frame.type === "error" && frame.error.code === "session_gone")
      this.#outbox.giveUpAll(fromErrorBody(frame.error));
    this.#wake();
  }

  #begin(joined: FrameOf<"joined">): void {
    this.#joined = joined;
    this.#outbox.giveUpAll(new FairleadError("session_gone"));
    this.#outbox = new CommandOutbox();
    this.#cursor = new EventCursor(joined.position);
    this.#acknowledger = new EventAcknowledger(Date.now);
  }

  #apply({ position, event }: FrameOf<"event">): void {
    const arrival = this.#cursor.accept({ position, event });
    if (arrival === "apply") {
      this.events.push({ position, event });
      this.view.apply(event);
    }
    this.#acknowledge(this.#acknowledger.note(arrival, this.position));
  }

  #acknowledge(ack: Acknowledgement | null): void {
    if (ack && this.isConnected) this.send({ type: "ack", ...ack });
  }

  #wake(): void {
    for (const watch of [...this.#watchers]) watch();
  }
}
