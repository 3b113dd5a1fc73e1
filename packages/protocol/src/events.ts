import * as z from "zod";
import { BroadcastInfo } from "./broadcasts.ts";
import { BATCH_LIMIT, RefusedProducer } from "./commands.ts";
import { Grants, MediaKind, Source } from "./grants.ts";
import { type Epoch, Identity, MediaId, PeerId, RoomId } from "./ids.ts";
import { ConsumerRtpParameters, SctpStreamParameters } from "./media.ts";
import { DisplayName, Metadata } from "./ticket-claims.ts";

export const PeerInfo = z.object({
  peerId: PeerId,
  identity: Identity,
  name: DisplayName,
  metadata: Metadata,
  joinedAtMs: z.number(),
  /** Nothing is heard of its client, and its grace time runs. Absent: it is there, or the node is of an older build. */
  away: z.boolean().optional(),
});
export type PeerInfo = z.infer<typeof PeerInfo>;

export const ProducerInfo = z.object({
  producerId: MediaId,
  peerId: PeerId,
  kind: MediaKind,
  source: Source,
  paused: z.boolean(),
  /** Muted by a moderator or the API: its own peer can't resume it. */
  muted: z.boolean(),
  /** Of its codec, e.g. `video/H264`: a peer that can't decode it gets no consumer. Absent: of an older node. */
  mimeType: z.string().max(64).optional(),
});
export type ProducerInfo = z.infer<typeof ProducerInfo>;

/** Created paused; the client resumes it when its half is ready, so that the key frame is not lost. */
export const ConsumerInfo = z.object({
  consumerId: MediaId,
  producerId: MediaId,
  peerId: PeerId,
  kind: MediaKind,
  source: Source,
  rtpParameters: ConsumerRtpParameters,
  producerPaused: z.boolean(),
});
export type ConsumerInfo = z.infer<typeof ConsumerInfo>;

export const DataConsumerInfo = z.object({
  dataConsumerId: MediaId,
  dataProducerId: MediaId,
  peerId: PeerId,
  label: z.string(),
  protocol: z.string(),
  sctpStreamParameters: SctpStreamParameters,
});
export type DataConsumerInfo = z.infer<typeof DataConsumerInfo>;

export const LeaveReason = z.enum(["left", "disconnected", "removed", "replaced"]);
export type LeaveReason = z.infer<typeof LeaveReason>;

/** `consumers.created` carries whole RTP parameters, so fewer to an event. */
export const CONSUMERS_PER_EVENT = 10;

/** Facts with a position: numbered per session, kept by the node until acknowledged. */
export const EVENTS = {
  /**
   * The events up to `snapshot.ended` are the whole state and replace the client's. Comes first after a join, and
   * whenever a session missed more than the node kept. `grants` are the peer's live ones.
   */
  "snapshot.started": z.object({ roomId: RoomId, peerId: PeerId, grants: Grants }),
  "snapshot.ended": z.object({}),
  // next build: events
  "peers.joined": z.object({ peers: z.array(PeerInfo).max(BATCH_LIMIT) }),
  "peer.left": z.object({ peerId: PeerId, reason: LeaveReason }),
  /** Their clients have been without a socket for some seconds: a browser died, or a network. Older clients skip the event. */
  "peers.away": z.object({ peerIds: z.array(PeerId).max(BATCH_LIMIT) }),
  /** A peer that was away. One that joined anew meanwhile comes by `peers.joined` instead. */
  "peer.back": z.object({ peerId: PeerId }),
  /** Own producers too, so that a client can compare its own with the node's. */
  "producers.created": z.object({ producers: z.array(ProducerInfo).max(BATCH_LIMIT) }),
  "producer.paused": z.object({ producerId: MediaId, muted: z.boolean() }),
  "producer.resumed": z.object({ producerId: MediaId }),
  /** `code`: the node closed it. `incoming_bitrate`: its peer sent far more than the room's options allow. */
  "producer.closed": z.object({ producerId: MediaId, code: z.string().max(64).optional() }),
  "consumers.created": z.object({ consumers: z.array(ConsumerInfo).max(CONSUMERS_PER_EVENT) }),
  "consumer.closed": z.object({ consumerId: MediaId }),
  /** With `autoSubscribe`: producers that this peer gets no consumer of. Older clients skip the event. */
  "consumers.refused": z.object({ producers: z.array(RefusedProducer).max(BATCH_LIMIT) }),
  "data_consumers.created": z.object({ dataConsumers: z.array(DataConsumerInfo).max(BATCH_LIMIT) }),
  /** The node closed one of this peer's own, with the same `code` as in `producer.closed`. Older clients skip the event. */
  "data_producer.closed": z.object({ dataProducerId: MediaId, code: z.string().max(64) }),
  "data_consumer.closed": z.object({ dataConsumerId: MediaId }),
  /** A moderator or the API muted one of this peer's sources, or lifted that: it stays paused until its peer resumes it. */
  "source.muted": z.object({ source: Source, muted: z.boolean() }),
  /** The dominant speaker changed; null when nobody speaks. */
  "speaker.changed": z.object({ peerId: PeerId.nullable() }),
  /** In a broadcast's room: its state. Part of the snapshot. Older clients skip the event, and the next. */
  "broadcast.changed": BroadcastInfo,
  /** Every few seconds, while the number changes. Part of the snapshot. */
  "viewers.counted": z.object({ viewers: z.int().min(0) }),
} as const satisfies Record<string, z.ZodType>;

export type EventName = keyof typeof EVENTS;
export type EventData<N extends EventName> = z.output<(typeof EVENTS)[N]>;

const eventSchemas = Object.entries(EVENTS).map(([name, data]) => z.object({ name: z.literal(name), data }));

/**
 * An event of a newer node that this process does not know. It keeps its place in the order and is forwarded as it is; readers
 * skip it. Otherwise one such event would hold up all that follow.
 */
const UnknownEvent = z.object({
  name: z
    .string()
    .max(64)
    .refine((name) => !Object.hasOwn(EVENTS, name)),
  data: z.unknown(),
});

/** An event without its position, as a union by `name`. At run time there may be names that are not in `EVENTS`. */
export type RoomEvent = { [N in EventName]: { name: N; data: EventData<N> } }[EventName];
export const RoomEvent = z.union([...eventSchemas, UnknownEvent]) as unknown as z.ZodType<RoomEvent>;

/** Where in a session's stream of events: `epoch:sequence`. Epochs rise with each lease; sequences count from 1. */
export const Position = z.string().regex(/^\d{1,16}:\d{1,12}$/, "epoch:sequence");
export type Position = z.infer<typeof Position>;

export type ParsedPosition = { epoch: Epoch; sequence: number };

export function formatPosition(position: ParsedPosition): Position {
  return `${position.epoch}:${position.sequence}`;
}

/** @param position A string that passed `Position`. */
export function parsePosition(position: Position): ParsedPosition {
  const [epoch, sequence] = position.split(":");
  return { epoch: Number(epoch), sequence: Number(sequence) };
}

/** @returns The position `count` events behind `first`. */
export function positionAfter(first: Position, count: number): Position {
  if (count === 0) return first;
  const { epoch, sequence } = parsePosition(first);
  return formatPosition({ epoch, sequence: sequence + count });
}

export const NumberedEvent = z.object({ position: Position, event: RoomEvent });
export type NumberedEvent = z.infer<typeof NumberedEvent>;

/** Passing observations without a position: never repeated, and nothing depends on them. */
export const Transient = z.object({
  name: z.literal("audio.levels"),
  /** Loudest first; dBov, -127 (silence) to 0. */
  data: z.object({ levels: z.array(z.object({ peerId: PeerId, volumeDbov: z.number() })).max(BATCH_LIMIT) }),
});
export type Transient = z.infer<typeof Transient>;
