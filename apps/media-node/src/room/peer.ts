import type {
  DataConsumerInfo,
  Grants,
  PeerInfo,
  ResourceOwner,
  Source,
  TransportOffer,
} from "@fairlead/protocol";
import { FairleadError } from "@fairlead/protocol";
import type { Logger } from "@fairlead/telemetry";
import type { types } from "mediasoup";
import { Turns } from "../lease/turns.ts";
import type { Session } from "../session/session.ts";
import type { PeerBudgets } from "./peer-budgets.ts";
import type { PeerTransports, Seat } from "./seat.ts";
import { Switches } from "./switches.ts";

/** The place of a consumer that is being made, so that it isn't made twice. */
export class Wish {
  /** It waits in the room's queue, and no command waits for it. */
  readonly isQueued: boolean;

  constructor(isQueued: boolean) {
    this.isQueued = isQueued;
  }
}

export type ConsumerSlot = types.Consumer | Wish;

export type PeerOptions = {
  info: PeerInfo;
  grants: Grants;
  ticketId: string;
  joinId: string;
  /** The codecs and header extensions that its client can receive. */
  rtpCapabilities: types.RtpCapabilities;
  /** It gets a consumer for every producer without asking for it. */
  isAutoSubscribed: boolean;
  /** Its client says when it hears a data producer. */
  confirmsData: boolean;
  /** Its client can take another place without a gap. Default: no. */
  overlaps?: boolean;
  /** It only watches, and nobody hears of it. */
  isViewer?: boolean;
  session: Session;
  seat: Seat;
  transports: PeerTransports;
  /** The owner that its media resources name. */
  owner: ResourceOwner;
  budgets: PeerBudgets;
  log: Logger;
};

/** One participant's presence in a room: its grants, and the media resources that it owns. */
export class Peer {
  readonly grants: Grants;
  readonly ticketId: string;
  readonly joinId: string;
  readonly rtpCapabilities: types.RtpCapabilities;
  readonly isAutoSubscribed: boolean;
  readonly confirmsData: boolean;
  readonly overlaps: boolean;
  readonly isViewer: boolean;
  readonly session: Session;
  readonly seat: Seat;
  readonly transports: PeerTransports;
  readonly owner: ResourceOwner;
  readonly budgets: PeerBudgets;
  readonly log: Logger;
  /** Of its commands that make something: one at a time. */
  readonly turns = new Turns(1);
  readonly switches = new Switches();
  readonly producers = new Map<string, types.Producer>();
  readonly dataProducers = new Map<string, types.DataProducer>();
  readonly consumersByProducer = new Map<string, ConsumerSlot>();
  readonly dataConsumers = new Map<string, DataConsumerInfo>();
  /** The same, as long as they are open. */
  readonly dataEnds = new Set<types.DataConsumer>();
  /** Data producers that are being made, so that many commands at once don't pass the limit. */
  pendingDataProducers = 0;
  /** Data producers that it has a consumer of, or is getting one. */
  readonly dataSubscriptions = new Set<string>();
  /** Sources with a producer that is being made, so that two commands at once can't make two. */
  readonly pendingSources = new Set<Source>();
  /** Its session is over, and its media goes on until its client has it on another seat. */
  leavesSeat = false;
  /** The others have been told that it is away. */
  isAway = false;
  readonly #info: PeerInfo;
  #isClosed = false;

  constructor(options: PeerOptions) {
    this.#info = options.info;
    this.grants = options.grants;
    this.ticketId = options.ticketId;
    this.joinId = options.joinId;
    this.rtpCapabilities = options.rtpCapabilities;
    this.isAutoSubscribed = options.isAutoSubscribed;
    this.confirmsData = options.confirmsData;
    this.overlaps = options.overlaps === true;
    this.isViewer = options.isViewer === true;
    this.session = options.session;
    this.seat = options.seat;
    this.transports = options.transports;
    this.owner = options.owner;
    this.budgets = options.budgets;
    this.log = options.log;
  }

  /** As the others are told. */
  get info(): PeerInfo {
    return this.isAway ? { ...this.#info, away: true } : this.#info;
  }

  get peerId(): string {
    return this.#info.peerId;
  }

  get identity(): string {
    return this.#info.identity;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** @throws {FairleadError} `grant_missing`: a viewer has none. */
  get sendTransport(): types.WebRtcTransport {
    const { send } = this.transports;
    if (!send) throw new FairleadError("grant_missing", { message: "a viewer sends nothing" });
    return send;
  }

  producerOf(source: Source): types.Producer | undefined {
    return [...this.producers.values()].find((producer) => producer.appData.source === source);
  }

  /** @throws {FairleadError} `transport_not_found`. */
  transport(id: string): types.WebRtcTransport {
    const { send, receive } = this.transports;
    const transport = [send, receive].find((candidate) => candidate?.id === id);
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
    const all = [...this.consumersByProducer.values()].filter(
      (slot): slot is types.Consumer => !(slot instanceof Wish),
    );
    return ids ? all.filter((consumer) => ids.includes(consumer.id)) : all;
  }

  /** Frees everything the peer has; closing a transport closes what is on it. */
  close(): void {
    this.#isClosed = true;
    this.transports.send?.close();
    this.transports.receive.close();
  }
}

export function offerOf(transport: types.WebRtcTransport): TransportOffer {
  const { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters } = transport;
  return { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters };
}

/** Of one peer, earlier and now: whether the others would be told the same. */
export function isSameInfo(a: PeerInfo, b: PeerInfo): boolean {
  return (["name", "metadata", "joinedAtMs", "away"] as const).every((fact) => a[fact] === b[fact]);
}
