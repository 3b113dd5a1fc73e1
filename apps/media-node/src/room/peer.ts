import type {
  DataConsumerInfo,
  Grants,
  JoinRequest,
  PeerInfo,
  ResourceOwner,
  Source,
  TicketClaims,
  TransportOffer,
} from "@fairlead/protocol";
import { FairleadError } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { Session } from "../session/session.ts";
import type { PeerTransports } from "./open-transports.ts";
import type { Room } from "./room.ts";

/** What a verified join brings. */
export type Admission = { join: JoinRequest; claims: TicketClaims; peerId: string; sessionId: string };

/** A consumer that is being made holds its producer's place, so that it isn't made twice. */
export type ConsumerSlot = types.Consumer | "pending";

/** One participant's presence in a room: what it may do, and what it has. */
export class Peer {
  readonly room: Room;
  readonly info: PeerInfo;
  readonly ticketId: string;
  readonly joinId: string;
  readonly grants: Grants;
  readonly session: Session;
  readonly transports: PeerTransports;
  readonly rtpCapabilities: types.RtpCapabilities;
  readonly isAutoSubscribed: boolean;
  readonly producers = new Map<string, types.Producer>();
  readonly dataProducers = new Map<string, types.DataProducer>();
  readonly consumersByProducer = new Map<string, ConsumerSlot>();
  readonly dataConsumers = new Map<string, DataConsumerInfo>();
  /** Data producers that are being made, so that many commands at once don't pass the limit. */
  pendingDataProducers = 0;
  /** Data producers that it has a consumer of, or is getting one. */
  readonly dataSubscriptions = new Set<string>();
  /** Sources with a producer that is being made, so that two commands at once can't make two. */
  readonly pendingSources = new Set<Source>();
  #isClosed = false;

  constructor(
    room: Room,
    options: Admission & { transports: PeerTransports; session: Session },
    joinedAtMs: number,
  ) {
    this.room = room;
    this.session = options.session;
    this.transports = options.transports;
    this.joinId = options.join.joinId;
    this.rtpCapabilities = options.join.rtpCapabilities as unknown as types.RtpCapabilities;
    this.isAutoSubscribed = options.join.autoSubscribe;
    this.grants = options.claims.grants;
    this.ticketId = options.claims.jti;
    this.info = peerInfo(options.peerId, options.claims, joinedAtMs);
  }

  get peerId(): string {
    return this.info.peerId;
  }

  get identity(): string {
    return this.info.identity;
  }

  get owner(): ResourceOwner {
    return { core: this.room.lease.core, roomId: this.room.roomId, peerId: this.peerId };
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  producerOf(source: Source): types.Producer | undefined {
    return [...this.producers.values()].find((producer) => producer.appData.source === source);
  }

  /** @throws {FairleadError} `transport_not_found`. */
  transport(id: string): types.WebRtcTransport {
    const transport = [this.transports.send, this.transports.receive].find(
      (candidate) => candidate.id === id,
    );
    if (!transport) throw new FairleadError("transport_not_found");
    return transport;
  }

  /** @throws {FairleadError} `producer_not_found`. */
  producer(id: string): types.Producer {
    const producer = this.producers.get(id);
    if (!producer) throw new FairleadError("producer_not_found");
    return producer;
  }

  /** @returns Those of the consumers that (still) exist. */
  consumers(ids?: readonly string[]): types.Consumer[] {
    const all = [...this.consumersByProducer.values()].filter((slot) => slot !== "pending");
    return ids ? all.filter((consumer) => ids.includes(consumer.id)) : all;
  }

  /** Frees everything the peer has; closing a transport closes what is on it. */
  close(): void {
    this.#isClosed = true;
    this.transports.send.close();
    this.transports.receive.close();
  }
}

function peerInfo(peerId: string, claims: TicketClaims, joinedAtMs: number): PeerInfo {
  return { peerId, identity: claims.sub, name: claims.name, metadata: claims.metadata, joinedAtMs };
}

export function offerOf(transport: types.WebRtcTransport): TransportOffer {
  const { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters } = transport;
  return { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters };
}
