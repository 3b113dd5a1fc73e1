import { FairleadError, INGEST_SILENT_MS, type IngestHealth, randomId } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { Publisher } from "../room/publisher.ts";
import type { Room } from "../room/room.ts";
import type { Holder } from "./publisher-place.ts";
import type { RoomBroadcast } from "./room-broadcast.ts";

export type IngestOptions = {
  room: Room;
  broadcast: RoomBroadcast;
  /** Of its seat. */
  core: number;
  now: () => number;
  /** Called once. */
  onClosed: () => void;
};

/** A publisher whose media another process takes in, and brings by a pipe. */
export class Ingest {
  readonly sessionId = randomId();
  readonly room: Room;
  readonly core: number;
  health: IngestHealth = {};
  readonly #options: IngestOptions;
  #holder: Holder | null = null;
  #publisher: Publisher | null = null;
  #pipe: types.PipeTransport | null = null;
  #provenAtMs: number;
  #isClosed = false;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.room = options.room;
    this.core = options.core;
    this.#provenAtMs = options.now();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Nobody has proven for too long that its publisher is there. */
  get isSilent(): boolean {
    return this.#options.now() - this.#provenAtMs > INGEST_SILENT_MS;
  }

  get producers(): types.Producer[] {
    return [...(this.#publisher?.producers.values() ?? [])];
  }

  hold(holder: Holder): void {
    this.#holder = holder;
  }

  /** What brings its media; what did so before is closed. */
  use(publisher: Publisher, pipe: types.PipeTransport): void {
    this.#publisher = publisher;
    this.#pipe = pipe;
    void publisher.ended.then(() => this.#publisher === publisher && this.close());
  }

  /** Before another one is made. */
  dropPipe(): void {
    const [publisher, pipe] = [this.#publisher, this.#pipe];
    this.#publisher = null;
    this.#pipe = null;
    publisher?.close();
    pipe?.close();
  }

  prove(health: IngestHealth): void {
    this.#provenAtMs = this.#options.now();
    this.health = health;
  }

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.dropPipe();
    if (this.#holder) this.#options.broadcast.release(this.#holder);
    this.#options.onClosed();
  }
}

/** The ingests of this node, by session. */
export class Ingests {
  readonly #ingests = new Map<string, Ingest>();

  add(ingest: Ingest): void {
    this.#ingests.set(ingest.sessionId, ingest);
  }

  /** @throws {FairleadError} `session_gone`. */
  find(sessionId: string, roomId: string): Ingest {
    const ingest = this.#ingests.get(sessionId);
    if (!ingest || ingest.isClosed || ingest.room.roomId !== roomId) throw new FairleadError("session_gone");
    return ingest;
  }

  /** Called about once a second. */
  sweep(): void {
    for (const [sessionId, ingest] of this.#ingests) {
      if (ingest.isSilent) ingest.close();
      if (ingest.isClosed) this.#ingests.delete(sessionId);
    }
  }
}
