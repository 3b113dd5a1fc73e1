import * as z from "zod";
import { RoomId, WellFormed } from "./ids.ts";

/** `created`: nothing was sent yet, or only as a preview. `interrupted`: its publisher is gone, and may come back. */
export const BroadcastState = z.enum(["created", "live", "interrupted", "ended"]);
export type BroadcastState = z.infer<typeof BroadcastState>;

/** `private`: with a viewer's ticket only. `public`: anybody who knows the id may watch by WHEP. */
export const Visibility = z.enum(["private", "public"]);
export type Visibility = z.infer<typeof Visibility>;

export const DEFAULT_BROADCAST_GRACE_MS = 30_000;

const TimeMs = z.int().min(0).max(8_640_000_000_000_000);

/** The rules of a broadcast, as its app sets them. Times are milliseconds since 1970. */
export const BroadcastSettings = z.object({
  title: WellFormed.max(200).default(""),
  visibility: Visibility.default("private"),
  /** What is published before it is a preview: peers see it, viewers don't. null: viewers see it at once. */
  startsAtMs: TimeMs.nullable().default(null),
  /** The broadcast ends then by itself. */
  endsAtMs: TimeMs.nullable().default(null),
  /** null: as many as the cluster carries. */
  maxViewers: z.int().min(0).max(1_000_000).nullable().default(null),
  /** How long a publisher that vanished may take to come back, before the broadcast ends. */
  graceMs: z.int().min(0).max(3_600_000).default(DEFAULT_BROADCAST_GRACE_MS),
});
export type BroadcastSettings = z.infer<typeof BroadcastSettings>;

/** SHA-256 of a stream key, in hex. */
export const KeyHash = z.string().regex(/^[0-9a-f]{64}$/, "64 hex digits");
export type KeyHash = z.infer<typeof KeyHash>;

/**
 * The part of a room's record that makes it a broadcast. The API writes `created` and `ended`; `live`, `interrupted`, `ended`, `run` and the
 * peak are written by the room's home alone, under its epoch.
 */
export const BroadcastRecord = BroadcastSettings.extend({
  /** Rises by one with each write, which names the one that it read. */
  revision: z.int().min(1),
  /** Of the keys that publish: two while they are being rotated, the newer one first. */
  keyHashes: z.array(KeyHash).min(1).max(2),
  /** As it was last written. @see `currentState` */
  state: BroadcastState,
  /** Of the last accepted publisher, 0 before the first: max(previous + 1, the home's epoch). Fences all that comes from earlier ones. */
  run: z.int().min(0),
  createdAtMs: TimeMs,
  /** When it was first live. */
  startedAtMs: TimeMs.nullable(),
  interruptedAtMs: TimeMs.nullable(),
  endedAtMs: TimeMs.nullable(),
  peakViewers: z.int().min(0),
});
export type BroadcastRecord = z.infer<typeof BroadcastRecord>;

/** The facts about a broadcast's home that its state depends on. */
export type HomeFacts = {
  /** Whether the room's lease is in force. */
  isServed: boolean;
  /** The home's last sign of life, milliseconds since 1970; null where nobody knows of one. */
  aliveAtMs: number | null;
};

/**
 * The state that readers get: a broadcast whose home has been dead for longer than its grace time has ended, and so has one that is past
 * its end, whether anybody wrote so or not.
 */
export function currentState(record: BroadcastRecord, home: HomeFacts, nowMs: number): BroadcastState {
  const { state, endsAtMs, graceMs } = record;
  if (endsAtMs !== null && nowMs >= endsAtMs) return "ended";
  if (home.isServed || state === "created" || state === "ended") return state;
  return nowMs - (home.aliveAtMs ?? 0) > graceMs ? "ended" : "interrupted";
}

export const STREAM_KEY_LIMIT = 128;

/** `{broadcast}.{256 random bits, base64url}`: whoever has it may publish. */
export const StreamKey = z.string().regex(/^[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{43}$/, "a stream key");
export type StreamKey = z.infer<typeof StreamKey>;

/** @param key A string that passed `StreamKey`. @returns The broadcast that it is of. */
export function broadcastOfKey(key: StreamKey): string {
  return key.slice(0, key.indexOf("."));
}

/** The way that media comes in. */
export const IngestKind = z.enum(["sdk", "whip", "rtmp", "rtp"]);
export type IngestKind = z.infer<typeof IngestKind>;

/** How an encoder's stream comes in at the process that takes it. */
export const IngestHealth = z.object({
  /** Frames a second. */
  fps: z.number().min(0).optional(),
  bitrateBps: z.number().min(0).optional(),
  /** From one key frame to the next, ms: how long a new viewer may wait for its first picture. */
  gopMs: z.number().min(0).optional(),
  /** Frames that refer to later ones: its pictures are encoded anew. */
  hasBFrames: z.boolean().optional(),
  isTranscoded: z.boolean().optional(),
  /** Of the picture, pixels. */
  width: z.int().min(0).optional(),
  height: z.int().min(0).optional(),
  /** Since it began: frames that its encoder left out, by the gaps in its time, and those that the process could pass on to nobody. */
  droppedFrames: z.int().min(0).optional(),
  /** How far it has fallen behind its own time since it came quickest, ms: its network is slower than it sends. */
  lateMs: z.number().min(0).optional(),
});
export type IngestHealth = z.infer<typeof IngestHealth>;

/** The state of a broadcast as viewers and publishers hear it. */
export const BroadcastInfo = z.object({
  title: z.string(),
  state: BroadcastState,
  startsAtMs: z.number().nullable(),
  startedAtMs: z.number().nullable(),
  interruptedAtMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
});
export type BroadcastInfo = z.infer<typeof BroadcastInfo>;

/** Body of `POST /v1/broadcasts`. `broadcastId`: by default one is made. `region`, `labels`: of the nodes that it may run on. */
export const CreateBroadcast = BroadcastSettings.extend({
  broadcastId: RoomId.optional(),
  region: WellFormed.max(64).optional(),
  labels: z.array(WellFormed.max(64)).max(16).default([]),
});
export type CreateBroadcast = z.infer<typeof CreateBroadcast>;

/** Body of `PATCH /v1/broadcasts/{broadcast}`: what is left out stays. */
export const ChangeBroadcast = z.object({
  title: WellFormed.max(200).optional(),
  visibility: Visibility.optional(),
  startsAtMs: TimeMs.nullable().optional(),
  endsAtMs: TimeMs.nullable().optional(),
  maxViewers: z.int().min(0).max(1_000_000).nullable().optional(),
  graceMs: z.int().min(0).max(3_600_000).optional(),
});
export type ChangeBroadcast = z.infer<typeof ChangeBroadcast>;

/** Why the last encoder was sent away, in words for whoever set it up. `atMs`: milliseconds since 1970. */
export const IngestRefusal = z.object({ words: z.string().max(200), atMs: z.number() });
export type IngestRefusal = z.infer<typeof IngestRefusal>;

/** What the home alone knows of a broadcast. */
export const BroadcastCounts = z.object({
  viewers: z.int().min(0),
  peakViewers: z.int().min(0),
  /** null: nobody publishes. */
  publisher: z
    .object({
      kind: z.string().max(32),
      /** Since when, milliseconds since 1970. */
      sinceMs: z.number(),
      /** What its media brings now, bits/s. */
      bitrateBps: z.number().optional(),
      /** Of its packets lately, 0..1. */
      lossRatio: z.number().optional(),
      /** Of an encoder by RTMP. */
      ingest: IngestHealth.optional(),
    })
    .nullable(),
  /** The last encoder's, until another publisher comes; absent: it was not sent away. */
  refused: IngestRefusal.optional(),
  /** Of the HLS that is served now; absent: none is. Its viewers are among `viewers`. */
  hls: z
    .object({
      /** Below it all is served; ends with `/`. Without a host: at the same one as the API. */
      url: z.string().max(2_048),
      viewers: z.int().min(0),
      isTranscoded: z.boolean().optional(),
    })
    .optional(),
});
export type BroadcastCounts = z.infer<typeof BroadcastCounts>;

/** Answer of `GET /v1/broadcasts/{broadcast}`. */
export const Broadcast = BroadcastSettings.extend({
  broadcastId: RoomId,
  state: BroadcastState,
  run: z.int(),
  createdAtMs: z.number(),
  startedAtMs: z.number().nullable(),
  interruptedAtMs: z.number().nullable(),
  endedAtMs: z.number().nullable(),
  viewers: z.int(),
  peakViewers: z.int(),
  publisher: BroadcastCounts.shape.publisher,
  refused: BroadcastCounts.shape.refused,
  /** `rtmp`: absent where nobody takes it in. `hls`: leads to the playlist while the broadcast is packaged (`hls` below). */
  urls: z.object({
    whip: z.string(),
    whep: z.string(),
    rtmp: z.string().optional(),
    hls: z.string().optional(),
  }),
  /** The HLS that is served now; absent: none is. */
  hls: z.object({ viewers: z.int().min(0), isTranscoded: z.boolean().optional() }).optional(),
  /** The registry is away: its home told this on the bus. */
  source: z.literal("bus").optional(),
});
export type Broadcast = z.infer<typeof Broadcast>;

/** Answer of `POST /v1/broadcasts` and of the rotation of its key: the only time that the key is shown. */
export const BroadcastWithKey = Broadcast.extend({ streamKey: StreamKey });
export type BroadcastWithKey = z.infer<typeof BroadcastWithKey>;

/** Body of `POST /v1/broadcasts/{broadcast}/key`. `keepOldKey`: the one before goes on being valid until the next rotation. */
export const RotateKey = z.object({ keepOldKey: z.boolean().default(true) });
export type RotateKey = z.infer<typeof RotateKey>;

export const BROADCASTS_PER_PAGE = 50;

/** Listings have no counts: these are their homes' to tell. */
export const BroadcastPage = z.object({
  broadcasts: z.array(Broadcast.omit({ viewers: true, publisher: true })).max(100),
  cursor: z.string().optional(),
});
export type BroadcastPage = z.infer<typeof BroadcastPage>;

export const BroadcastPath = z.object({ broadcast: RoomId });
