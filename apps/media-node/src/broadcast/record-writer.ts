import { type BroadcastRecord, FairleadError } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";

/** What the home says of a broadcast; the rest is the API's. */
export type HomeWords = Pick<
  BroadcastRecord,
  "state" | "run" | "startedAtMs" | "interruptedAtMs" | "endedAtMs" | "peakViewers"
>;

export type RecordWriterOptions = {
  roomId: string;
  /** In force at the time of the call. */
  epoch: () => number;
  record: BroadcastRecord;
  registry: Pick<Registry, "updateRoom" | "describeRoom">;
  log: Logger;
  /** The API has changed the record, or has deleted it (null). */
  onChanged: (record: BroadcastRecord | null) => void;
  /** Resolves when it is time to try again. */
  pause?: (ms: number) => Promise<void>;
};

const RETRY_MS = 1_000;

/** Keeps a broadcast's record in the registry in step with what its home says, by compare-and-set under the home's epoch. */
export class RecordWriter {
  readonly #options: RecordWriterOptions;
  readonly #pause: (ms: number) => Promise<void>;
  /** As the registry has it, as far as this node knows. */
  #record: BroadcastRecord;
  #words: HomeWords;
  #written = Promise.resolve();
  #isWriting = false;
  #isStopped = false;

  constructor(options: RecordWriterOptions) {
    this.#options = options;
    this.#pause = options.pause ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    this.#record = options.record;
    this.#words = wordsOf(options.record);
  }

  /** With what the home has said, written or not. */
  get record(): BroadcastRecord {
    return { ...this.#record, ...this.#words };
  }

  /** @returns Resolves when it is written, or can't be any more: the room is another node's, or the broadcast is deleted. Never rejects. */
  say(words: Partial<HomeWords>): Promise<void> {
    this.#words = { ...this.#words, ...words };
    if (!this.#isWriting) this.#written = this.#writeAll();
    return this.#written;
  }

  /** The API, or the registry, has a newer one. @returns Whether it was news. */
  note(record: BroadcastRecord): boolean {
    if (record.revision <= this.#record.revision) return false;
    this.#record = record;
    // What is ended stays so, whoever ended it first.
    if (record.state === "ended" && this.#words.state !== "ended")
      this.#words = { ...this.#words, state: "ended", endedAtMs: record.endedAtMs };
    return true;
  }

  /** Nothing is written any more. */
  stop(): void {
    this.#isStopped = true;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      let mayGoOn = true;
      while (mayGoOn && !this.#isStopped && !isSaid(this.#record, this.#words))
        mayGoOn = await this.#writeOrWait();
    } finally {
      // In the turn of the last look: what is said after it starts another round.
      this.#isWriting = false;
    }
  }

  /** @returns Whether it is of use to go on. */
  async #writeOrWait(): Promise<boolean> {
    try {
      await this.#write();
      return true;
    } catch (error) {
      return this.#mayTryAgain(error);
    }
  }

  async #write(): Promise<void> {
    const { roomId, epoch, registry } = this.#options;
    const { revision } = this.#record;
    const write = { ...this.record, revision: revision + 1 };
    await registry.updateRoom(roomId, { broadcast: { write, ifRevision: revision, epoch: epoch() } });
    if (this.#record.revision === revision) this.#record = write;
  }

  async #mayTryAgain(error: unknown): Promise<boolean> {
    const { roomId, log } = this.#options;
    const code = error instanceof FairleadError ? error.code : "internal";
    if (code === "broadcast_conflict" || code === "broadcast_not_found") return this.#readAgain();
    // The registry may have raised the epoch, of which this node hears with its next beat, or not be this room's home any more.
    const passes = ["registry_unreachable", "registry_cold", "lease_lost"].includes(code);
    if (passes) await this.#pause(RETRY_MS);
    else log.error("broadcast.record_unwritten", { roomId, error });
    return passes;
  }

  async #readAgain(): Promise<boolean> {
    const { roomId, registry, onChanged } = this.#options;
    try {
      const record = await registry.describeRoom(roomId);
      const found = record?.broadcast;
      if (found && this.note(found)) onChanged(found);
      if (found) return true;
      // The registry was flushed, and what this node knows is on its way there.
      if (record && !record.isPartial) {
        this.stop();
        onChanged(null);
        return false;
      }
    } catch (error) {
      this.#options.log.debug("broadcast.record_unread", { roomId, error });
    }
    await this.#pause(RETRY_MS);
    return true;
  }
}

function wordsOf(record: BroadcastRecord): HomeWords {
  const { state, run, startedAtMs, interruptedAtMs, endedAtMs, peakViewers } = record;
  return { state, run, startedAtMs, interruptedAtMs, endedAtMs, peakViewers };
}

function isSaid(record: BroadcastRecord, words: HomeWords): boolean {
  return (Object.keys(words) as (keyof HomeWords)[]).every((key) => record[key] === words[key]);
}
