import { type BroadcastRecord, FairleadError, hasKeyHash } from "@fairlead/protocol";

export type GateOptions = {
  record: () => BroadcastRecord;
  /** How many watch, but for the viewer of that peer id. */
  viewersBut: (peerId: string) => number;
  /** Somebody publishes, and media comes. */
  isSending: () => boolean;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Reads the record again. */
  refresh: () => Promise<void>;
};

const NOT_LIVE_RETRY_MS = 2_000;

/** Who may come into a broadcast, by its record and its state now. */
export class Gate {
  readonly #options: GateOptions;

  constructor(options: GateOptions) {
    this.#options = options;
  }

  /** @throws {FairleadError} `broadcast_ended`. */
  assertOpen(): void {
    const { state, endsAtMs } = this.#options.record();
    const isOver = endsAtMs !== null && this.#options.now() >= endsAtMs;
    if (state === "ended" || isOver) throw new FairleadError("broadcast_ended");
  }

  /**
   * Compares a stream key's hash with those of the record, in constant time.
   * @throws {FairleadError} `stream_key_invalid`: the record as it is now has another one.
   */
  async proveKey(keyHash: string): Promise<void> {
    const { record, refresh } = this.#options;
    if (!hasKeyHash(record().keyHashes, keyHash)) await refresh();
    if (!hasKeyHash(record().keyHashes, keyHash)) throw new FairleadError("stream_key_invalid");
  }

  /**
   * @param peerId Of a viewer that may have come back: it takes its own place.
   * @throws {FairleadError} `broadcast_ended`; `viewer_limit`: there is no room for one more.
   */
  assertTakesViewer(peerId = ""): void {
    this.assertOpen();
    if (this.#options.viewersBut(peerId) >= this.#limit) throw new FairleadError("viewer_limit");
  }

  /** @throws {FairleadError} `viewer_limit`: those that are in are too many. */
  assertWithinLimit(): void {
    if (this.#options.viewersBut("") > this.#limit) throw new FairleadError("viewer_limit");
  }

  /** @throws {FairleadError} As `assertTakesViewer`; `broadcast_not_live` with `retryAfterMs`. */
  assertLive(): void {
    this.assertTakesViewer();
    const { record, isSending, now } = this.#options;
    const { state, startsAtMs } = record();
    if (state === "live" && isSending()) return;
    throw new FairleadError("broadcast_not_live", {
      message: state === "created" ? "it has not begun" : "its publisher is away",
      retryAfterMs: Math.max(NOT_LIVE_RETRY_MS, (startsAtMs ?? 0) - now()),
    });
  }

  get #limit(): number {
    return this.#options.record().maxViewers ?? Number.POSITIVE_INFINITY;
  }
}
