import { FairleadError, type IngestWithKeys, RTP_SILENT_MS, randomId } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { Publisher } from "../room/publisher.ts";
import type { Room } from "../room/room.ts";
import type { Seat } from "../room/seat.ts";
import type { IngestTrack } from "./ingest-track.ts";

/** Milliseconds since 1970, and those that no setting of a clock changes. */
export type Clocks = { now: () => number; elapsed: () => number };

type Opened = { publisher: Publisher; tracks: readonly IngestTrack[]; encrypted: boolean };

/** An encoder's place in a room, from before it has anything until nothing is left of it. */
export class RtpIngest {
  readonly ingestId = randomId();
  readonly room: Room;
  readonly #clocks: Clocks;
  readonly #createdAtMs: number;
  readonly #ends: (() => void)[] = [];
  #opened: Opened | null = null;
  #bytes = 0;
  #mediaAtMs: number | null = null;
  #heardAtMs: number;
  #isClosed = false;

  constructor(room: Room, clocks: Clocks) {
    this.room = room;
    this.#clocks = clocks;
    this.#createdAtMs = clocks.now();
    this.#heardAtMs = clocks.elapsed();
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get producers(): types.Producer[] {
    return [...(this.#opened?.publisher.producers.values() ?? [])];
  }

  /** null while it is being opened. */
  get seat(): Seat | null {
    return this.#opened?.publisher.seat ?? null;
  }

  /** null while it is being opened. */
  get answer(): IngestWithKeys | null {
    if (!this.#opened) return null;
    const { publisher, tracks, encrypted } = this.#opened;
    return {
      ...{ ingestId: this.ingestId, kind: "rtp", peerId: publisher.peerId, encrypted },
      ...{ createdAtMs: this.#createdAtMs, mediaAtMs: this.#mediaAtMs },
      tracks: tracks.map(({ answer }) => answer),
    };
  }

  /** Called once, at once where it is closed already. */
  onClosed(act: () => void): void {
    if (this.#isClosed) act();
    else this.#ends.push(act);
  }

  /** @throws {FairleadError} `lease_lost`: it was closed meanwhile. */
  open(opened: Opened): IngestWithKeys {
    this.assertOpen();
    this.#opened = opened;
    const { answer } = this;
    if (!answer) throw new FairleadError("lease_lost");
    return answer;
  }

  assertOpen(): void {
    if (this.#isClosed) throw new FairleadError("lease_lost", { message: "the ingest ended meanwhile" });
  }

  /** Whether media has come. Never rejects. */
  async look(): Promise<void> {
    // One that is closed meanwhile has none.
    const stats = await Promise.all(this.producers.map((producer) => producer.getStats().catch(() => [])));
    const bytes = stats.flat().reduce((sum, { byteCount }) => sum + byteCount, 0);
    const nowMs = this.#clocks.elapsed();
    if (bytes > this.#bytes) {
      this.#heardAtMs = nowMs;
      this.#mediaAtMs = this.#clocks.now();
    }
    this.#bytes = bytes;
    if (this.#isClosed || nowMs - this.#heardAtMs <= RTP_SILENT_MS) return;
    this.room.log.info("rtp_ingest.silent", { roomId: this.room.roomId, ingestId: this.ingestId });
    this.close();
  }

  /** Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const act of this.#ends.reverse()) act();
  }
}
