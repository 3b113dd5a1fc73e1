import {
  ClientFrame,
  COMMANDS,
  MuteRequest,
  OpenedSession,
  parseJson,
  RemoveRequest,
  RoomOptions,
  type ServerFrame,
  ServerFrame as ServerFrameSchema,
  SessionReplies,
} from "@fairlead/protocol";
import { expect } from "vitest";
import { readEventStream } from "../support/wires/read-event-stream.ts";
import { commandText, isData } from "./command-inputs.ts";
import { type Damage, damaged, damages } from "./damage.ts";
import { draws } from "./draws.ts";
import { type FrameInputs, sessionOf, type Tell } from "./frame-inputs.ts";
import type { FuzzPeer } from "./fuzz-peer.ts";
import { type Lane, readTicket } from "./lane.ts";
import type { Route, RouteValues } from "./routes.ts";
import { kindOfPosition } from "./sse-positions.ts";

/** A request as it is sent. */
type Sent = {
  route: Route;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string | undefined;
  params: Record<string, string>;
};
type Reply = Extract<ServerFrame, { type: "reply" }>;
type Effect = (sent: Sent, response: Response) => Promise<void> | void;

const WRONG = 0.15;
const OVER_THE_WIRE = 0.1;
const ENDING = new Set(["closeRoom", "removePeer", "leaveSession", "banIdentity"]);
const ENDING_SHARE = 0.15;

/** Requests to every route, with the effects of the known ones told to the model. */
export class HttpInputs {
  readonly #lane: Lane;
  readonly #frames: FrameInputs;
  readonly #routes: { route: Route; draw: () => RouteValues }[];
  readonly #damages: () => Damage;
  /** `sendFrames`: what the commands were, and what they should be answered. */
  #commands = new Map<number, { name: string; data: string; expected: string }>();

  /** @param routes Those that this lane may ask. */
  constructor(lane: Lane, frames: FrameInputs, routes: readonly Route[], seed: number) {
    this.#lane = lane;
    this.#frames = frames;
    this.#routes = routes.map((route, index) => ({ route, draw: draws(route.values, seed + index) }));
    this.#damages = draws(damages, seed);
  }

  /** @param operationId Of the route to ask; default: any. */
  async ask(tell: Tell, operationId?: string): Promise<void> {
    const lane = this.#lane;
    const among = this.#routes.filter(({ route }) => !operationId || route.operationId === operationId);
    const one = () => among[Math.floor(lane.random() * among.length)] ?? expect.fail("no route");
    let { route, draw } = one();
    // Or nobody would be there for long enough to have much.
    while (!operationId && ENDING.has(route.operationId) && !lane.chance(ENDING_SHARE))
      ({ route, draw } = one());
    const isWrong = lane.chance(WRONG);
    const sent = this.#toSent(route, draw(), isWrong);
    if (isWrong) this.#spoil(sent);
    const { route: _, ...told } = sent;
    tell({ route: route.name, ...told });
    const response = await this.#send(sent);
    const isOurs = sent.method === route.method;
    const code = response.ok ? "ok" : await this.#refusal(response, sent.method);
    lane.coverage.input(code);
    lane.coverage.note(
      isOurs ? route.name : "(another method)",
      `${response.status}${response.ok ? "" : ` ${code}`}`,
    );
    if (route.operationId === "streamEvents" && isOurs)
      lane.coverage.note(`SSE position ${kindOfPosition(lane.subject, sent.headers["last-event-id"])}`, code);
    if (response.ok && isOurs) {
      await this.#effects[route.operationId]?.(sent, response);
      lane.coverage.note(route.name, "ok");
    }
    if (!response.bodyUsed) await response.body?.cancel();
    await lane.reap();
  }

  #toSent(route: Route, values: RouteValues, isWrong: boolean): Sent {
    const lane = this.#lane;
    const { params, query, headers, body } = lane.resolve(values) as RouteValues;
    const named = Object.fromEntries(
      Object.entries(params).map(([key, value]) => [key, String(value).toWellFormed()]),
    );
    // A room that two lanes change at once would be in nobody's order.
    if (lane.index > 0 && named.room !== undefined && !lane.rooms.includes(named.room))
      named.room = lane.rooms[0] ?? "";
    const isHeard = !isWrong && named.session === lane.subject?.sessionId;
    const search = new URLSearchParams(
      Object.entries(query).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value)]])),
    );
    const path = route.path.replace(/\{(\w+)\}/g, (_, key) => encodeURIComponent(named[key] ?? ""));
    return {
      route,
      method: route.method,
      path: search.size > 0 ? `${path}?${search}` : path,
      params: named,
      headers: {
        ...this.#authorization(route),
        ...Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, String(value)])),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? undefined : this.#fitting(route, body, isHeard),
    };
  }

  #authorization({ auth }: Route): Record<string, string> {
    const { subject, cluster } = this.#lane;
    if (auth === "apiKey") return { authorization: `Bearer ${cluster.apiKey}` };
    return auth === "sessionTicket" ? { authorization: `Bearer ${subject?.sessionTicket ?? "nobody"}` } : {};
  }

  /**
   * Commands are started in the order of their ids and act beside each other, so at most the first of a request is one whose
   * effect others of it could change.
   *
   * @param isHeard Whether a node will hear of them: what it does not hear has no number.
   */
  #fitting({ operationId }: Route, body: unknown, isHeard: boolean): string {
    this.#commands = new Map();
    const { subject, peers } = this.#lane;
    if (operationId !== "sendFrames") return JSON.stringify(body);
    const { frames } = body as { frames: Record<string, unknown>[] };
    const peer = isHeard ? peers.find((some) => some === subject) : undefined;
    const fit = (frame: Record<string, unknown>, index: number) => {
      if (frame.type === "command" && peer) return this.#command(peer, index);
      return JSON.stringify(frame.type === "command" ? { ...frame, name: "unheard" } : frame);
    };
    return `{"frames":[${frames.map(fit).join(",")}]}`;
  }

  #command(peer: FuzzPeer, index: number): string {
    let command = this.#frames.commands.draw();
    const isApart = ({ name }: { name: string }) => /^(peer|producer|data_producer|session)\./.test(name);
    while ((index > 0 && isApart(command)) || !isData(command.data)) command = this.#frames.commands.draw();
    const { name, data } = command;
    const numbers = peer.commands.draw(
      () => (index === 0 ? this.#lane.random() : 0.5),
      Object.hasOwn(COMMANDS, name),
    );
    const { expected, ...ids } = numbers;
    this.#commands.set(ids.id, { name, data, expected });
    // The next one of this request gets the next id.
    if (expected === "acts" && Object.hasOwn(COMMANDS, name)) peer.commands.answered(ids.id, "");
    return commandText({ name, data }, ids);
  }

  /** One thing about it is wrong. */
  #spoil(sent: Sent): void {
    const lane = this.#lane;
    const dice = lane.random();
    if (sent.body !== undefined && dice < 0.6) sent.body = damaged(JSON.parse(sent.body), this.#damages());
    else if (dice < 0.7)
      sent.headers.authorization = lane.chance(0.5) ? "Bearer a.b.c" : `Basic ${"x".repeat(9)}`;
    else if (dice < 0.75) delete sent.headers.authorization;
    else if (dice < 0.85)
      sent.headers["last-event-id"] =
        ["0", "-1:1", "1:", "9".repeat(40), "a:b"][Math.floor(lane.random() * 5)] ?? "";
    else if (dice < 0.92)
      sent.path = `${sent.path}${["/", "/..;", "%00", "?cursor=%00", "?limit=1e9"][Math.floor(lane.random() * 5)]}`;
    else sent.method = ["PATCH", "OPTIONS", "HEAD", "PROPFIND"][Math.floor(lane.random() * 4)] ?? "PATCH";
    if (sent.path.includes("%00") || sent.path.includes("..;")) sent.method = "GET";
  }

  async #send({ method, path, headers, body }: Sent): Promise<Response> {
    const { request, url } = this.#lane.cluster;
    const init = {
      method,
      headers,
      ...(body === undefined || method === "HEAD" || method === "GET" ? {} : { body }),
    };
    if (!this.#lane.chance(OVER_THE_WIRE)) return request(path, init);
    return fetch(`${url}${path}`, init);
  }

  async #refusal(response: Response, method: string): Promise<string> {
    const text = await response.text();
    if (method === "HEAD") {
      expect(response.status).toBeLessThan(500);
      return "method_not_allowed";
    }
    return this.#lane.refusal(response.status, text);
  }

  readonly #effects: Record<string, Effect> = {
    listRooms: (_, response) => this.#noteCursor(response),
    listPeers: (_, response) => this.#noteCursor(response),
    listBroadcasts: (_, response) => this.#noteCursor(response),
    listNodes: (_, response) => this.#noteCursor(response),
    listSurplus: (_, response) => this.#noteCursor(response),
    writeRoom: ({ params, body }) =>
      this.#model.wrote(given(params.room), RoomOptions.parse(JSON.parse(body ?? "{}"))),
    closeRoom: ({ params }) => this.#model.closed(given(params.room)),
    removePeer: ({ params, body }) =>
      this.#model.removed(
        given(params.room),
        given(params.peer),
        RemoveRequest.parse(JSON.parse(body ?? "{}")).ban,
      ),
    mutePeer: ({ params, body }) =>
      this.#model.muted(given(params.room), given(params.peer), MuteRequest.parse(JSON.parse(body ?? "{}"))),
    banIdentity: ({ params }) => this.#model.banned(given(params.room), given(params.identity)),
    liftBan: ({ params }) => this.#model.unbanned(given(params.room), given(params.identity)),
    issueTicket: async (_, response) => {
      const { ticket } = await response.json();
      if (this.#lane.rooms.includes(readTicket(ticket).room)) this.#lane.ticket = ticket;
    },
    openSession: async ({ body }, response) => {
      const opened = OpenedSession.parse(await response.json());
      this.#lane.admitted(JSON.parse(body ?? "{}").ticket, opened, null);
    },
    leaveSession: () => {
      const { subject } = this.#lane;
      if (subject) this.#model.left(subject);
    },
    sendFrames: async ({ body }, response) => {
      const { frames } = SessionReplies.parse(await response.json());
      this.#settle(JSON.parse(body ?? "{}").frames, frames);
    },
    streamEvents: async (_, response) => this.#follow(response),
  };

  get #model() {
    return this.#lane.model;
  }

  async #noteCursor(response: Response): Promise<void> {
    const { cursor } = await response.json();
    if (typeof cursor === "string") this.#lane.noteCursor(cursor);
  }

  #settle(sent: unknown[], answers: SessionReplies["frames"]): void {
    const { subject } = this.#lane;
    const peer = subject ?? expect.fail("a session was answered that nobody has");
    const over = answers.find(({ type }) => type === "error");
    const replies = answers.filter((answer): answer is Reply => answer.type === "reply");
    const ids = sent
      .map((frame) => ClientFrame.parse(frame))
      .flatMap((frame) => (frame.type === "command" ? frame.id : []));
    if (this.#commands.size === 0) return;
    if (!over)
      expect(
        replies.map(({ id }) => id),
        "one reply to each command",
      ).toEqual(ids);
    for (const reply of replies) {
      const command = this.#commands.get(reply.id);
      if (!command) throw new Error("a reply to a command that was not sent");
      this.#lane.coverage.note(
        `command ${Object.hasOwn(COMMANDS, command.name) ? command.name : "(none of ours)"}`,
        reply.ok ? "ok" : reply.error.code,
      );
      // A call of its own, whatever its number.
      if (command.name === "session.leave" && reply.ok) this.#model.left(peer);
      else this.#frames.settle(peer, { ...command, id: reply.id }, command.expected, reply);
    }
    if (over?.type === "error") {
      this.#lane.expectAllowed(over.error);
      const [first] = this.#commands.values();
      if (first?.name === "peer.remove") this.#frames.endedItself(peer, first, over.error.code);
    }
  }

  /** The first message says that the session is this stream's; then the reader goes. */
  async #follow(response: Response): Promise<void> {
    const body = response.body ?? expect.fail("a stream has a body");
    for await (const { id, data } of readEventStream(body as ReadableStream<Uint8Array<ArrayBuffer>>)) {
      const frame = parseJson(ServerFrameSchema, data);
      expect(id).toBe(frame.type === "event" ? frame.position : undefined);
      if (frame.type !== "resumed") expect.fail(`a stream begins with ${frame.type}`);
      const peer = this.#lane.peers.find(({ sessionId }) => sessionId === sessionOf(frame.sessionTicket));
      if (!peer) throw new Error("a session that is gone was resumed");
      peer.sessionTicket = frame.sessionTicket;
      const { socket } = peer;
      peer.socket = null;
      if (socket) {
        peer.position = socket.position || peer.position;
        if (socket.isOpen) await socket.closed();
      }
      break;
    }
  }
}

function given(value: string | undefined): string {
  return value ?? expect.fail("a path without its parameter was answered with success");
}
