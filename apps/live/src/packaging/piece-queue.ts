import type { Piece, Segments } from "@fairlead/segments";
import type { Logger } from "@fairlead/telemetry";

export type PieceQueueOptions = {
  broadcastId: string;
  segments: Pick<Segments, "write">;
  log: Logger;
  /** What was to be written is lost: the next segment is to begin with an init. */
  onLost: (why: "fenced" | "failed") => void;
};

const MOST_WAITING_BYTES = 16_000_000;

/** Writes pieces one after the other. One that can't be written takes all that wait along. */
export class PieceQueue {
  readonly #options: PieceQueueOptions;
  #waiting: Piece[] = [];
  #bytes = 0;
  #newestRun = 0;
  #writing: Promise<void> | null = null;

  constructor(options: PieceQueueOptions) {
    this.#options = options;
  }

  push(piece: Piece): void {
    this.#waiting.push(piece);
    this.#newestRun = Math.max(this.#newestRun, piece.run);
    this.#bytes += sizeOf(piece);
    if (this.#bytes > MOST_WAITING_BYTES) this.#lose("failed", new Error("segments are written too slowly"));
    this.#writing ??= this.#write().finally(() => {
      this.#writing = null;
    });
  }

  /** Resolves when all is written or lost. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { broadcastId, segments } = this.#options;
    for (let piece = this.#waiting.shift(); piece; piece = this.#waiting.shift()) {
      this.#bytes -= sizeOf(piece);
      try {
        const isTaken = await segments.write(broadcastId, piece);
        // What a rendition ends under our own run before is nobody's loss.
        if (!isTaken && piece.run === this.#newestRun) this.#lose("fenced");
      } catch (error) {
        this.#lose("failed", error);
      }
    }
  }

  #lose(why: "fenced" | "failed", error?: unknown): void {
    const { log, broadcastId, onLost } = this.#options;
    log.warn("hls.pieces_lost", {
      broadcastId,
      why,
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
