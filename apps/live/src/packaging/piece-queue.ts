import type { Piece, Segments } from "@fairlead/segments";
import type { Logger } from "@fairlead/telemetry";

/** `fencedRun`: somebody has written under a higher one. */
export type Lost = { fencedRun: number } | "failed";

export type PieceQueueOptions = {
  broadcastId: string;
  segments: Pick<Segments, "write">;
  log: Logger;
  /** What was to be written is lost: the next segment is to begin with an init. */
  onLost: (why: Lost) => void;
};

const MOST_WAITING_BYTES = 16_000_000;

/** Writes pieces one after the other. One that can't be written takes all that wait along. */
export class PieceQueue {
  readonly #options: PieceQueueOptions;
  #waiting: Piece[] = [];
  #bytes = 0;
  #newestRun = 0;
  #fencedRun = 0;
  #isWriting = false;
  #written: Promise<void> = Promise.resolve();

  constructor(options: PieceQueueOptions) {
    this.#options = options;
  }

  /** Nothing under a run that is fenced. */
  push(piece: Piece): void {
    if (piece.run <= this.#fencedRun) return;
    this.#waiting.push(piece);
    this.#newestRun = Math.max(this.#newestRun, piece.run);
    this.#bytes += sizeOf(piece);
    if (this.#bytes > MOST_WAITING_BYTES) this.#lose("failed", new Error("segments are written too slowly"));
    if (!this.#isWriting) this.#written = this.#write();
  }

  /** Resolves when all is written or lost. */
  async flush(): Promise<void> {
    await this.#written;
  }

  async #write(): Promise<void> {
    const { broadcastId, segments } = this.#options;
    this.#isWriting = true;
    for (let piece = this.#waiting.shift(); piece; piece = this.#waiting.shift()) {
      this.#bytes -= sizeOf(piece);
      try {
        const isTaken = await segments.write(broadcastId, piece);
        // What a rendition ends under our own run before is nobody's loss.
        if (!isTaken && piece.run === this.#newestRun) this.#fence(piece.run);
      } catch (error) {
        this.#lose("failed", error);
      }
    }
    // With the last piece, not some turns later: what is pushed in between would wait for ever.
    this.#isWriting = false;
  }

  #fence(run: number): void {
    this.#fencedRun = Math.max(this.#fencedRun, run);
    this.#lose({ fencedRun: this.#fencedRun });
  }

  #lose(why: Lost, error?: unknown): void {
    const { log, broadcastId, onLost } = this.#options;
    log.warn("hls.pieces_lost", {
      broadcastId,
      why: why === "failed" ? why : "fenced",
      pieces: this.#waiting.length,
      ...(error ? { error } : {}),
    });
    this.#waiting = [];
    this.#bytes = 0;
    onLost(why);
  }
}

function sizeOf(piece: Piece): number {
  return piece.type === "end" ? 0 : piece.bytes.byteLength;
}
