import logger from "node-media-server/src/core/logger.js";
import Rtmp from "node-media-server/src/protocol/rtmp.js";
import { isRecord } from "./is-record.ts";

// It writes to the console, and this process has a log of its own.
logger.log = () => {};

/** Bytes a message may have, and chunk streams a connection. */
const BEFORE = { bytes: 16 * 1024, chunkStreams: 8 };
const AFTER = { bytes: 4 * 1024 * 1024, chunkStreams: 32 };
/** All that an encoder says before it publishes, handshake included, fits into this many times over. */
const BYTES_BEFORE = 64 * 1024;
/** Of a connection's messages that are being read. The parser keeps the room of those before them. */
const MESSAGE_ROOM_BYTES = 8 * 1024 * 1024;
/** Commands and data that are no media: nothing of them is long. */
const COMMAND_BYTES = 64 * 1024;
const LARGEST_CHUNK = 0xff_ff_ff;
const RTMP_VERSION = 3;
/** What we send in one chunk. An encoder is told so. */
const OUT_CHUNK_SIZE = 0xff_ff;
const WINDOW_BYTES = 2_500_000;
/** An encoder that wants to hear of every byte does not. */
const LEAST_WINDOW_BYTES = 64 * 1024;

const MEDIA_TYPES: readonly number[] = [8, 9];

export function isMedia({ type }: { type: number }): boolean {
  return MEDIA_TYPES.includes(type);
}

/** A message of audio, video or data. `bytes` are its own. */
export type RtmpMessage = { type: number; timestampMs: number; bytes: Buffer };

export type SessionEvents = {
  /** What an encoder gives as its stream's name, without its query; empty where there is none. */
  onPublish(name: string): void;
  onPlay(): void;
  /** A message of any kind begins. What this throws, `take` throws. */
  onBeginning(): void;
  onMessage(message: RtmpMessage): void;
  onUnpublish(): void;
  send(bytes: Buffer): void;
};

/**
 * node-media-server's parser within bounds. It trusts its peer: 8 KB of chunk headers would make it allocate a gigabyte, and
 * nonsense makes it throw, so its caller closes the connection for whatever `take` throws.
 */
export class GuardedSession extends Rtmp {
  isAuthorised = false;
  readonly #events: SessionEvents;
  #received = 0;
  #acknowledged = 0;

  constructor(events: SessionEvents) {
    super();
    this.#events = events;
    // A megabyte for a parser that is not used here.
    this.flv = null;
    this.onOutputCallback = (bytes) => events.send(bytes);
  }

  /** @throws {Error} It is no RTMP, or beyond a bound. */
  take(bytes: Buffer): void {
    if (this.#received === 0 && bytes[0] !== RTMP_VERSION) throw new Error("no RTMP");
    this.#received += bytes.length;
    if (!this.isAuthorised && this.#received > BYTES_BEFORE) throw new Error("too much before it publishes");
    const fault = this.parserData(bytes);
    if (fault) throw new Error(fault);
    this.#acknowledge();
  }

  accept(): void {
    this.isAuthorised = true;
    // Its own words would repeat the key.
    this.sendStatusMessage(this.streamId, "status", "NetStream.Publish.Start", "Publishing.");
  }

  refuse(code: string, words: string): void {
    this.sendStatusMessage(this.streamId ?? 0, "error", code, words);
  }

  #acknowledge(): void {
    const window = Math.min(WINDOW_BYTES, Math.max(LEAST_WINDOW_BYTES, (this.ackSize ?? WINDOW_BYTES) / 2));
    if (this.#received - this.#acknowledged < window) return;
    this.#acknowledged = this.#received;
    this.sendACK(this.#received % 2 ** 32);
  }

  override chunkMessageHeaderRead(): number {
    const isWithinMessage = this.parserPacket.bytes > 0;
    if (isWithinMessage && this.parserPacket.header.fmt !== 3)
      throw new Error("a message begins within another");
    return super.chunkMessageHeaderRead();
  }

  override packetAlloc(): void {
    this.#events.onBeginning();
    const { header } = this.parserPacket;
    const { length } = header;
    const limit = this.isAuthorised ? AFTER : BEFORE;
    const bytes = isMedia(header) ? limit.bytes : Math.min(limit.bytes, COMMAND_BYTES);
    if (length > bytes) throw new Error(`a message of ${length} bytes`);
    if (this.inPackets.size > limit.chunkStreams) throw new Error("too many chunk streams");
    super.packetAlloc();
    let room = 0;
    for (const { payload } of this.inPackets.values()) room += payload.length;
    if (room > MESSAGE_ROOM_BYTES) throw new Error("too much is unfinished");
  }

  override controlHandler(): void {
    super.controlHandler();
    if (this.inChunkSize < 1 || this.inChunkSize > LARGEST_CHUNK)
      throw new Error(`chunks of ${this.inChunkSize} bytes`);
  }

  override dataHandler(): void {
    if (!this.isAuthorised) throw new Error("media before it publishes");
    const { header, payload, clock } = this.parserPacket;
    // The parser uses its buffer again.
    const bytes = Buffer.from(payload.subarray(0, header.length));
    this.#events.onMessage({ type: header.type, timestampMs: clock, bytes });
  }

  override onConnect(message: { transId?: unknown; cmdObj?: unknown }): void {
    const command = message.cmdObj;
    if (!isRecord(command) || typeof command.app !== "string") throw new Error("connect without an app");
    this.streamApp = command.app;
    this.objectEncoding = typeof command.objectEncoding === "number" ? command.objectEncoding : 0;
    this.sendWindowACK(WINDOW_BYTES);
    this.setPeerBandwidth(WINDOW_BYTES, 2);
    this.setChunkSize(OUT_CHUNK_SIZE);
    this.respondConnect(message.transId);
  }

  override onPublish(message: { streamName?: unknown }): void {
    if (typeof this.streamApp !== "string") throw new Error("publish before connect");
    this.streamId = this.parserPacket.header.stream_id;
    const { streamName } = message;
    this.#events.onPublish(typeof streamName === "string" ? (streamName.split("?", 1)[0] ?? "") : "");
  }

  override onPlay(): void {
    this.streamId = this.parserPacket.header.stream_id;
    this.#events.onPlay();
  }

  override onDeleteStream(): void {
    this.#events.onUnpublish();
  }
}
