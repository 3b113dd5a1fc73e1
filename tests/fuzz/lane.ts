import {
  capabilitiesOf,
  DEFAULT_CODEC_POLICY,
  ErrorAnswer,
  type ErrorBody,
  ErrorCode,
  errorCodeOfClose,
  httpStatus,
  type JoinReply,
  PROTOCOL_VERSION,
  randomId,
  Source,
  sendTransportOf,
} from "@fairlead/protocol";
import { expect } from "vitest";
import { createRandom, type Random } from "../simulation/seeded-random.ts";
import type { MemoryCluster } from "../support/clusters/start-memory-cluster.ts";
import { MADE_UP_DTLS, rtpParameters } from "../support/rtp-parameters.ts";
import type { Coverage } from "./coverage.ts";
import { Live } from "./from-schema.ts";
import { CommandIds, type FuzzPeer } from "./fuzz-peer.ts";
import type { FuzzSocket } from "./fuzz-socket.ts";
import type { Admitted, Model } from "./model.ts";

export const { version: CAPABILITIES_VERSION, routerRtpCapabilities } = capabilitiesOf(DEFAULT_CODEC_POLICY);
const IDENTITIES = ["ann", "bob", "cleo", "d\u00e9dé", "a/b%2F ?#", "\u{1F600}"];
const ROOMS_PER_LANE = 2;
/** Apart from the rooms, in which anybody publishes. */
const BROADCASTS_PER_LANE = 3;
const DEAD_KEPT = 8;
/** No fault is injected: of what says "not now", only this may come, since inputs ask for nodes that there are none of. */
const ALLOWED_UNAVAILABLE = new Set(["no_capacity", "core_full"]);
/** Of a group that has no node nothing is known, so that nobody scales it to nothing. */
const NOBODYS_GROUP = "no node is known in the group";

export type LaneParts = {
  cluster: MemoryCluster;
  model: Model;
  coverage: Coverage;
  seed: number;
  index: number;
};

/** Rooms, peers and tickets of one sequence of inputs, each of which is answered before the next. */
export class Lane {
  readonly cluster: MemoryCluster;
  readonly model: Model;
  readonly coverage: Coverage;
  readonly index: number;
  readonly random: Random;
  readonly rooms: readonly string[];
  readonly peers: FuzzPeer[] = [];
  readonly #dead: FuzzPeer[] = [];
  readonly #cursors: string[] = [];
  readonly #joinIds: string[] = [];
  /** Ready to be used. */
  ticket = "";
  /** Whom the next input is about. */
  subject: FuzzPeer | undefined;

  constructor({ cluster, model, coverage, seed, index }: LaneParts) {
    this.cluster = cluster;
    this.model = model;
    this.coverage = coverage;
    this.index = index;
    this.random = createRandom(seed);
    this.rooms = Array.from({ length: ROOMS_PER_LANE }, (_, room) => `lane-${index}-${room}`);
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  /** Chooses whom the next input is about, and makes the ticket that it may use. */
  async prepare(): Promise<void> {
    const all = this.chance(0.95) || this.#dead.length === 0 ? this.peers : this.#dead;
    this.subject = all[Math.floor(this.random() * all.length)];
    const publish = Source.options.filter(() => this.chance(0.9));
    const grants = {
      publish,
      subscribe: this.chance(0.9),
      data: this.chance(0.9),
      moderate: this.chance(0.8),
    };
    if (!this.chance(this.ticket === "" ? 1 : 0.3)) return;
    const room = this.#oneOf(this.rooms) ?? "";
    const free = IDENTITIES.filter((identity) => !this.model.isBanned({ room, identity, ticketId: "" }));
    const identity = this.#oneOf(this.chance(0.9) && free.length > 0 ? free : IDENTITIES) ?? "";
    this.ticket = await this.cluster.ticket(room, identity, { grants, ttlS: 3_600 });
  }

  /** Whether so many are banned that nobody might be left to get in. */
  get isCrowdedOut(): boolean {
    return this.rooms.some((room) => {
      const banned = IDENTITIES.filter((identity) => this.model.isBanned({ room, identity, ticketId: "" }));
      return banned.length > IDENTITIES.length / 2;
    });
  }

  /** @returns A copy of `value` with what exists in place of every `Live`. */
  resolve(value: unknown): unknown {
    if (value instanceof Live) return this.#live(value);
    if (Array.isArray(value))
      return value.map((item) => this.resolve(item)).filter((item) => item !== undefined);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.resolve(item)]));
  }

  noteCursor(cursor: string): void {
    this.#cursors.push(cursor);
    if (this.#cursors.length > DEAD_KEPT) this.#cursors.shift();
  }

  /** A join was answered with success. @returns The peer, which may be one that joined before. */
  admitted(
    ticket: string,
    reply: JoinReply & { sessionTicket: string },
    socket: FuzzSocket | null,
  ): FuzzPeer {
    const admitted = readTicket(ticket);
    expect(this.model.isBanned(admitted), "who is banned does not get in").toBe(false);
    this.model.joined(admitted, reply);
    const known = this.peers.find(({ sessionId }) => sessionId === reply.sessionId);
    const { sessionId, peerId, grants, sessionTicket, position } = reply;
    if (known) {
      if (known.socket !== socket) known.socket?.terminate();
      return Object.assign(known, { socket, sessionTicket, position });
    }
    const transportIds = [sendTransportOf(reply).id, reply.receiveTransport.id];
    const peer: FuzzPeer = {
      ...admitted,
      sessionId,
      peerId,
      grants,
      sessionTicket,
      position,
      socket,
      transportIds,
      consumerIds: socket?.consumerIds ?? [],
      commands: new CommandIds(),
    };
    this.peers.push(peer);
    return peer;
  }

  /** Peers that should be gone are told so, if they have a socket, with a code that says why. */
  async reap(): Promise<void> {
    for (const peer of [...this.peers]) {
      if (this.model.peerOfSession(peer)) continue;
      this.peers.splice(this.peers.indexOf(peer), 1);
      this.#dead.push(peer);
      if (this.#dead.length > DEAD_KEPT) this.#dead.shift();
      const { socket } = peer;
      peer.socket = null;
      if (!socket?.isOpen) continue;
      const code = await socket.closed();
      expect(["peer_removed", "room_closed", "session_replaced", "session_left"]).toContain(
        errorCodeOfClose(code),
      );
    }
  }

  /** @returns The code. What is refused has one, with the status that the table gives it. */
  refusal(status: number, text: string): string {
    const { error } = ErrorAnswer.parse(JSON.parse(text));
    expect(httpStatus(error.code), `status of ${error.code}`).toBe(status);
    this.expectAllowed(error);
    return error.code;
  }

  expectAllowed({ code, message }: Pick<ErrorBody, "code" | "message">): void {
    ErrorCode.parse(code);
    const isNobodysGroup = code === "registry_cold" && message.startsWith(NOBODYS_GROUP);
    const isServerFault = httpStatus(code) >= 500 && !ALLOWED_UNAVAILABLE.has(code) && !isNobodysGroup;
    expect(isServerFault, `${code}: ${message}`).toBe(false);
  }

  #oneOf<T>(items: readonly T[], pick = Math.floor(this.random() * 1e9)): T | undefined {
    return items[pick % items.length];
  }

  #live({ kind, pick }: Live): unknown {
    const { subject } = this;
    const one = (items: readonly string[]) => this.#oneOf(items, pick) ?? "nobody";
    const others = pick % 8 === 0 ? [...this.peers, ...this.#dead] : this.peers;
    const modelPeers = (own: boolean) =>
      (own && subject ? [subject] : this.peers).flatMap((peer) => this.model.peerOfSession(peer) ?? []);
    switch (kind) {
      case "ticket":
        return this.ticket;
      case "sessionTicket":
        return subject?.sessionTicket ?? "no-session-ticket";
      case "protocolVersion":
        return PROTOCOL_VERSION;
      case "capabilitiesVersion":
        return CAPABILITIES_VERSION;
      case "rtpCapabilities":
        return routerRtpCapabilities;
      case "rtpParameters":
        return rtpParameters(pick % 2 === 0 ? "opus" : "vp8");
      case "dtlsParameters":
        return MADE_UP_DTLS;
      case "joinId":
        return this.#joinId(pick);
      case "transport":
        return one(
          pick % 6 === 0 ? others.flatMap((peer) => peer.transportIds) : (subject?.transportIds ?? []),
        );
      case "producer":
        return one(modelPeers(pick % 4 !== 0).flatMap(({ producers }) => [...producers.keys()]));
      case "othersProducer":
        return one(this.#producersBeside(subject));
      case "dataProducer":
        return one(modelPeers(pick % 4 !== 0).flatMap(({ dataProducers }) => [...dataProducers]));
      case "consumer":
        return one(
          pick % 6 === 0 ? others.flatMap((peer) => peer.consumerIds) : (subject?.consumerIds ?? []),
        );
      case "peer":
        return one(
          others.filter(({ room }) => pick % 5 === 0 || room === subject?.room).map(({ peerId }) => peerId),
        );
      case "room":
        return subject && pick % 3 !== 0 ? subject.room : one(this.rooms);
      case "broadcast":
        return `show-${this.index}-${pick % BROADCASTS_PER_LANE}`;
      case "identity":
        return one(IDENTITIES);
      case "session":
        return subject?.sessionId ?? "no-session";
      case "node":
        return this.cluster.node.nodeId;
      case "label":
        return pick % 20 === 0 ? "gpu" : undefined;
      case "cursor":
        return one(this.#cursors);
      case "position":
        return this.#position(pick);
      default:
        throw new Error(`nothing exists of the kind ${kind}`);
    }
  }

  #producersBeside(subject: FuzzPeer | undefined): string[] {
    const others = this.model.peersOf(subject?.room ?? "").filter(({ peerId }) => peerId !== subject?.peerId);
    return others.flatMap(({ producers, dataProducers }) => [...producers.keys(), ...dataProducers]);
  }

  #joinId(pick: number): string {
    if (pick % 10 === 0) return this.#oneOf(this.#joinIds, pick) ?? "join-id-0";
    const fresh = randomId();
    this.#joinIds.push(fresh);
    if (this.#joinIds.length > DEAD_KEPT) this.#joinIds.shift();
    return fresh;
  }

  #position(pick: number): string {
    const [epoch = "0", sequence = "0"] = (this.subject?.position ?? "0:0").split(":");
    if (pick % 7 === 0) return `${epoch}:${pick % 1_000_000}`;
    if (pick % 7 === 1) return `${Number(epoch) + 1}:${sequence}`;
    return pick % 7 === 2 ? `${epoch}:0` : `${epoch}:${sequence}`;
  }
}

/** The claims are read, not verified. */
export function readTicket(ticket: string): Admitted {
  const [, claims = ""] = ticket.split(".");
  const { room, sub, jti } = JSON.parse(Buffer.from(claims, "base64url").toString());
  return { room, identity: sub, ticketId: jti };
}
