import {
  FairleadError,
  type HlsOrder,
  type HlsReport,
  INGEST_SILENT_MS,
  type IngestHealth,
  randomId,
} from "@fairlead/protocol";
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
  /** Milliseconds that no setting of a clock changes. */
  elapsed: () => number;
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
  #provenAtMs: number;
  #isClosed = false;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.room = options.room;
    this.core = options.core;
    this.#provenAtMs = options.elapsed();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /**
   * Nothing has shown for too long that its publisher is there: neither a proof nor media. A bus that hangs brings no proofs, and its clients
   * take some seconds to find out.
   */
  get isSilent(): boolean {
    const { broadcast, elapsed } = this.#options;
    const isUnproven = elapsed() - this.#provenAtMs > INGEST_SILENT_MS;
    return isUnproven && !(this.#holder && broadcast.isSentBy(this.#holder));
  }

  get producers(): types.Producer[] {
    return [...(this.#publisher?.producers.values() ?? [])];
  }

  hold(holder: Holder): void {
    this.#holder = holder;
  }

  /**
   * What brings its media; what did so before is closed.
   * @throws {FairleadError} `session_gone`: it is over.
   */
  use(publisher: Publisher): void {
    if (this.#isClosed) throw new FairleadError("session_gone");
    this.#dropPublisher();
    this.#publisher = publisher;
    void publisher.ended.then(() => this.#publisher === publisher && this.close());
  }

  /** Nobody could have proven it. */
  forgiveSilence(): void {
    this.#provenAtMs = this.#options.elapsed();
  }

  /** @param hls What is packaged of it. @returns What may be, from now on. */
  prove(health: IngestHealth, hls?: HlsReport): HlsOrder | undefined {
    this.forgiveSilence();
    this.health = health;
    return this.#holder ? this.#options.broadcast.packaging.exchange(this.#holder, hls) : undefined;
  }

  /** Idempotent. @param refused What its encoder was told as it was sent away. */
  close(refused?: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#dropPublisher();
    if (this.#holder) this.#options.broadcast.release(this.#holder, refused);
    this.#options.onClosed();
  }

  /** Its pipe closes with it. */
  #dropPublisher(): void {
    const publisher = this.#publisher;
    this.#publisher = null;
    publisher?.close();
  }
}

/** Sweeps are a second apart: a longer pause between two means that the process did not run, or had no bus. */
const STANDSTILL_MS = 2_000;

/** The ingests of this node, by session. */
export class Ingests {
  readonly #ingests = new Map<string, Ingest>();
  readonly #elapsed: () => number;
  #sweptAtMs: number;

  /** @param elapsed Milliseconds that no setting of a clock changes. */
  constructor(elapsed: () => number = () => performance.now()) {
    this.#elapsed = elapsed;
    this.#sweptAtMs = elapsed();
  }

  add(ingest: Ingest): void {
    this.#ingests.set(ingest.sessionId, ingest);
  }

  /** @throws {FairleadError} `session_gone`. */
  find(sessionId: string, roomId: string): Ingest {
    const ingest = this.#ingests.get(sessionId);
    if (ingest?.room.isClosed) ingest.close();
    if (!ingest || ingest.isClosed || ingest.room.roomId !== roomId) throw new FairleadError("session_gone");
    return ingest;
  }

  /** Called about once a second, while the bus is there. */
  sweep(): void {
    const nowMs = this.#elapsed();
    // The proofs of what happened meanwhile are unread, or never came.
    if (nowMs - this.#sweptAtMs > STANDSTILL_MS)
      for (const ingest of this.#ingests.values()) ingest.forgiveSilence();
    this.#sweptAtMs = nowMs;
    for (const [sessionId, ingest] of this.#ingests) {
      if (ingest.isSilent || ingest.room.isClosed) ingest.close();
      if (ingest.isClosed) this.#ingests.delete(sessionId);
    }
  }
}
