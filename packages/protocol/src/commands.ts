import * as z from "zod";
import { depthWithin } from "./depth.ts";
import { MediaKind, Source } from "./grants.ts";
import { MediaId, PeerId } from "./ids.ts";
import {
  DtlsParameters,
  IceParameters,
  IceServer,
  PreferredLayers,
  RtpParameters,
  SctpStreamParameters,
} from "./media.ts";

/** No command and no event names more objects than this; what is many comes in several. */
export const BATCH_LIMIT = 50;

/** @returns `items` in order, in pieces of at most `size`. */
export function inBatches<T>(items: readonly T[], size: number = BATCH_LIMIT): T[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

const Nothing = z.object({});
const OneTransport = z.object({ transportId: MediaId });
const OneProducer = z.object({ producerId: MediaId });
const SomeConsumers = z.object({ consumerIds: z.array(MediaId).min(1).max(BATCH_LIMIT) });
const SomeProducers = z.object({ producerIds: z.array(MediaId).min(1).max(BATCH_LIMIT) });

/** A producer that a peer gets no consumer of, and why: an error's code, or `consumer_limit`, that of its room's options. */
export const RefusedProducer = z.object({
  producerId: MediaId,
  // Later builds may have further ones.
  code: z.string().max(64),
  /** Milliseconds after which asking again makes sense. Absent: when the peer has fewer consumers. */
  retryAfterMs: z.int().min(0).optional(),
});
export type RefusedProducer = z.infer<typeof RefusedProducer>;

/** Of a data channel's label, UTF-16 units. */
export const DATA_LABEL_LIMIT = 128;
/** Of one data message, bytes: as much as a browser sends, and mediasoup by default. */
export const DATA_MESSAGE_LIMIT_BYTES = 262_144;

/** Everything that a joined peer can ask of its media node: `name → { request, reply }`. */
export const COMMANDS = {
  // next build: commands
  "transport.connect": { request: OneTransport.extend({ dtlsParameters: DtlsParameters }), reply: Nothing },
  "transport.restart_ice": {
    request: OneTransport,
    reply: z.object({ iceParameters: IceParameters, iceServers: z.array(IceServer) }),
  },
  "producer.create": {
    request: z.object({
      kind: MediaKind,
      source: Source,
      rtpParameters: RtpParameters,
      paused: z.boolean().default(false),
    }),
    reply: z.object({ producerId: MediaId }),
  },
  "producer.pause": { request: OneProducer, reply: Nothing },
  "producer.resume": { request: OneProducer, reply: Nothing },
  "producer.close": { request: OneProducer, reply: Nothing },
  /**
   * When it is answered, the consumers are made; they come as `consumers.created` events. Unknown producers are passed over, as they may
   * just have closed. `refused`: those that a limit leaves out.
   */
  "producers.subscribe": {
    request: SomeProducers,
    reply: z.object({ refused: z.array(RefusedProducer).max(BATCH_LIMIT).optional() }),
  },
  "producers.unsubscribe": { request: SomeProducers, reply: Nothing },
  "consumers.resume": { request: SomeConsumers, reply: Nothing },
  "consumers.pause": { request: SomeConsumers, reply: Nothing },
  "consumer.set_preferred_layers": {
    request: PreferredLayers.extend({ consumerId: MediaId }),
    reply: Nothing,
  },
  "consumer.request_key_frame": { request: z.object({ consumerId: MediaId }), reply: Nothing },
  "data_producer.create": {
    request: z.object({
      label: z.string().max(DATA_LABEL_LIMIT),
      protocol: z.string().max(128).default(""),
      sctpStreamParameters: SctpStreamParameters,
    }),
    reply: z.object({ dataProducerId: MediaId }),
  },
  /** The client has its ends of these, and hears what is sent from now on. Merged; only to a node whose `joined` says `confirmsData`. */
  "data_consumers.opened": {
    request: z.object({ dataConsumerIds: z.array(MediaId).min(1).max(BATCH_LIMIT) }),
    reply: Nothing,
  },
  /**
   * How far the messages of a data producer have come, to its own peer. Answered once the node has had as many as `messages` and, with
   * `isHeld`, the others hear them; after a second at the latest.
   */
  "data_producer.await": {
    request: z.object({
      dataProducerId: MediaId,
      messages: z.int().min(0),
      isHeld: z.boolean(),
      /** Peers that came later do not matter: milliseconds since 1970. */
      joinedBeforeMs: z.number(),
    }),
    reply: z.object({
      /** So many the node has had. */
      messages: z.int().min(0),
      /** Peers that don't hear them yet. As many as `BATCH_LIMIT`: there may be more. */
      waiting: z.array(PeerId).max(BATCH_LIMIT),
      /** Peers that hear them now and may have missed some since the last answer: their ends are new, or took too much at once. */
      missed: z.array(PeerId).max(BATCH_LIMIT),
    }),
  },
  "data_producer.close": { request: z.object({ dataProducerId: MediaId }), reply: Nothing },
  /** Needs `moderate`, and against a moderator `moderateModerators`. A muted source stays muted, also for a producer made later, until it is unmuted. */
  "peer.mute": { request: z.object({ peerId: PeerId, source: Source, muted: z.boolean() }), reply: Nothing },
  /** Needs the same grants. `ban`: neither the identity nor its ticket comes back. A node of an older build always bans. */
  "peer.remove": {
    request: z.object({
      peerId: PeerId,
      reason: z.string().max(256).default(""),
      ban: z.boolean().default(true),
    }),
    reply: Nothing,
  },
  "session.leave": { request: Nothing, reply: Nothing },
} as const satisfies Record<string, { request: z.ZodType; reply: z.ZodType }>;

export type CommandName = keyof typeof COMMANDS;
export const CommandName = z.enum(Object.keys(COMMANDS) as [CommandName, ...CommandName[]]);
/** A command as its sender writes it: defaults may be left out. */
export type CommandInput<N extends CommandName> = z.input<(typeof COMMANDS)[N]["request"]>;
export type CommandRequest<N extends CommandName> = z.output<(typeof COMMANDS)[N]["request"]>;
export type CommandReply<N extends CommandName> = z.output<(typeof COMMANDS)[N]["reply"]>;

/** More than twice what any command needs. */
const DATA_DEPTH_LIMIT = 16;

/**
 * A command on its way. `id` counts up from 1 within a session; the node starts commands in that order and each once.
 * `settledBelow`: the client has an answer to, or has given up, every id below it; the node forgets those replies.
 */
export const CommandEnvelope = z.object({
  id: z.int().min(1),
  settledBelow: z.int().min(1),
  name: z.string().max(64),
  // A process that forwards it writes it as JSON, and nesting without a bound overflows any stack.
  data: z.unknown().refine((value) => depthWithin(value, DATA_DEPTH_LIMIT), {
    message: `nested deeper than ${DATA_DEPTH_LIMIT}`,
  }),
});
export type CommandEnvelope = z.infer<typeof CommandEnvelope>;

/** Commands in flight per session; one past it is refused with `command_window_exceeded`. */
export const COMMAND_WINDOW = 64;
