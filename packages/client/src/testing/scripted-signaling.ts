import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import {
  type Capabilities,
  ClientFrame,
  closeCode,
  type ErrorCode,
  type Grants,
  type OpenedSession,
  type RoomEvent,
  type ServerFrame,
} from "@fairlead/protocol";
import { testFakeParameters } from "mediasoup-client";
import { type WebSocket, WebSocketServer } from "ws";

type FrameOf<T extends ClientFrame["type"]> = Extract<ClientFrame, { type: T }>;
type Waiter = {
  matches: (frame: ClientFrame) => boolean;
  resolve: (received: Received<ClientFrame>) => void;
};
export type Received<F extends ClientFrame> = { frame: F; socket: ScriptedSocket };

export const CAPABILITIES: Capabilities = {
  version: "v1",
  routerRtpCapabilities: structuredClone(testFakeParameters.generateRouterRtpCapabilities()) as never,
};
export const GRANTS: Grants = {
  publish: ["microphone", "camera"],
  subscribe: true,
  data: true,
  moderate: false,
};

export type Opening = {
  epoch?: number;
  peerId?: string;
  grants?: Grants;
  acksByPing?: boolean;
  isViewer?: boolean;
};

export function openedSession(opening: Opening = {}): OpenedSession {
  const { epoch = 1, peerId = "me", grants = GRANTS, acksByPing, isViewer = false } = opening;
  const transport = () => testFakeParameters.generateTransportRemoteParameters() as never;
  return {
    sessionId: `s${epoch}`,
    sessionTicket: `session-ticket-of-epoch-${epoch}`,
    peerId,
    epoch,
    roomId: "room",
    connection: 1,
    graceMs: 15_000,
    position: `${epoch}:0`,
    grants,
    acksByPing,
    iceServers: [],
    ...(isViewer ? {} : { sendTransport: transport() }),
    receiveTransport: transport(),
  };
}

/** One client's socket, from the server's side. */
export class ScriptedSocket {
  readonly #socket: WebSocket;
  readonly closed: Promise<unknown>;
  #sequence = 0;
  #epoch = 1;
  #grants: Grants = GRANTS;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    this.closed = once(socket, "close");
  }

  send(frame: ServerFrame): void {
    this.#socket.send(JSON.stringify(frame));
  }

  accept(opening: Opening = {}): void {
    const { epoch = 1, grants = GRANTS } = opening;
    this.#grants = grants;
    this.#epoch = epoch;
    this.#sequence = 0;
    this.send({ type: "joined", ...openedSession(opening) });
  }

  /** Sends the next events of the session. */
  tell(...events: RoomEvent[]): void {
    for (const event of events) {
      this.#sequence += 1;
      this.send({ type: "event", position: `${this.#epoch}:${this.#sequence}`, event });
    }
  }

  /** The same in one frame. */
  tellTogether(...events: RoomEvent[]): void {
    this.send({ type: "events", position: `${this.#epoch}:${this.#sequence + 1}`, events });
    this.#sequence += events.length;
  }

  continueAfter(epoch: number, sequence: number): void {
    this.#epoch = epoch;
    this.#sequence = sequence;
  }

  snapshot(...events: RoomEvent[]): void {
    const started = {
      name: "snapshot.started",
      data: { roomId: "room", peerId: "me", grants: this.#grants },
    } as const;
    this.tellTogether(started, ...events, { name: "snapshot.ended", data: {} });
  }

  refuse(code: ErrorCode, detail?: Record<string, unknown>): void {
    this.send({ type: "error", error: { code, message: code, detail } });
    const close = closeCode(code);
    if (close) this.#socket.close(close);
  }

  /** Breaks the connection without a close frame. */
  cut(): void {
    this.#socket.terminate();
  }
}

/** Signaling without a room behind it: the test says what it sends. `answers` has the replies to commands. */
export class ScriptedSignaling {
  readonly url: string;
  readonly frames: ClientFrame[] = [];
  /** Replies to commands, by name. A command that is missing here gets no reply. */
  readonly answers = new Map<string, (data: unknown) => unknown>([
    ["transport.connect", () => ({})],
    ["producer.create", () => ({ producerId: crypto.randomUUID() })],
    ["producer.pause", () => ({})],
    ["producer.resume", () => ({})],
    ["producer.close", () => ({})],
    ["consumers.resume", () => ({})],
    ["session.leave", () => ({})],
  ]);
  /** The answer to the request for capabilities. */
  capabilities = { status: 200, body: JSON.stringify(CAPABILITIES) };
  capabilityRequests = 0;
  /** Of each `DELETE`: its path and the session ticket. */
  readonly leaveRequests: { path: string | undefined; authorization: string | undefined }[] = [];
  readonly #server;
  readonly #webSockets;
  #received: Received<ClientFrame>[] = [];
  #waiters: Waiter[] = [];

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.#webSockets = new WebSocketServer({ server });
    server.on("request", ({ method, url, headers }, response) => {
      if (method === "DELETE") {
        this.leaveRequests.push({ path: url, authorization: headers.authorization });
        response.writeHead(204).end();
        return;
      }
      this.capabilityRequests += 1;
      response.writeHead(this.capabilities.status).end(this.capabilities.body);
    });
    this.#webSockets.on("connection", (webSocket) => {
      const socket = new ScriptedSocket(webSocket);
      webSocket.on("message", (data) => this.#handle(ClientFrame.parse(JSON.parse(String(data))), socket));
    });
  }

  static async start(): Promise<ScriptedSignaling> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ScriptedSignaling(server);
  }

  /** @returns The next frame of this type that no call has taken yet. */
  async next<T extends ClientFrame["type"]>(type: T, name?: string): Promise<Received<FrameOf<T>>> {
    const matches = (frame: ClientFrame) =>
      frame.type === type && (name === undefined || (frame.type === "command" && frame.name === name));
    const index = this.#received.findIndex(({ frame }) => matches(frame));
    const [received] = index < 0 ? [] : this.#received.splice(index, 1);
    const found =
      received ??
      (await new Promise<Received<ClientFrame>>((resolve) => this.#waiters.push({ matches, resolve })));
    return found as Received<FrameOf<T>>;
  }

  get openSockets(): number {
    return this.#webSockets.clients.size;
  }

  async close(): Promise<void> {
    for (const client of this.#webSockets.clients) client.terminate();
    this.#webSockets.close();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #handle(frame: ClientFrame, socket: ScriptedSocket): void {
    this.frames.push(frame);
    const waiter = this.#waiters.find(({ matches }) => matches(frame));
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    if (waiter) waiter.resolve({ frame, socket });
    else this.#received.push({ frame, socket });
    if (frame.type !== "command") return;
    const answer = this.answers.get(frame.name);
    if (answer) socket.send({ type: "reply", id: frame.id, ok: true, data: answer(frame.data) });
  }
}
