import { FairleadError, type RoomRecord } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";

type Entry = { record: RoomRecord | null; readAtMs: number; reading: Promise<void> | null };

/** A ban, or a broadcast that was made private, counts after this time at the latest. */
const FRESH_MS = 2_000;
/** While the registry is away, what it said last is believed for so long. */
const BELIEVED_MS = 60_000;
const MOST = 10_000;

/** Records of the broadcasts that are watched here, so that requests for media ask no registry. */
export class KnownRecords {
  readonly #registry: Pick<Registry, "describeRoom">;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  /** @param now Milliseconds that never run back. */
  constructor(registry: Pick<Registry, "describeRoom">, now: () => number) {
    this.#registry = registry;
    this.#now = now;
  }

  /**
   * @returns null: there is no such room.
   * @throws {FairleadError} `registry_unreachable`: nobody knows, or has known for a minute.
   */
  async read(broadcastId: string): Promise<RoomRecord | null> {
    const entry = this.#entries.get(broadcastId) ?? this.#add(broadcastId);
    if (this.#now() - entry.readAtMs >= FRESH_MS) {
      entry.reading ??= this.#ask(broadcastId, entry);
      await entry.reading;
    }
    if (this.#now() - entry.readAtMs >= BELIEVED_MS) throw new FairleadError("registry_unreachable");
    return entry.record;
  }

  async #ask(broadcastId: string, entry: Entry): Promise<void> {
    const askedAtMs = this.#now();
    try {
      const record = await this.#registry.describeRoom(broadcastId);
      // A record that was lost says nothing of bans until its home has told them again.
      if (record?.isPartial) return;
      entry.record = record;
      entry.readAtMs = askedAtMs;
    } catch {
      // What was known counts for its time.
    } finally {
      entry.reading = null;
    }
  }

  #add(broadcastId: string): Entry {
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= MOST && oldest !== undefined) this.#entries.delete(oldest);
    const entry: Entry = { record: null, readAtMs: Number.NEGATIVE_INFINITY, reading: null };
    this.#entries.set(broadcastId, entry);
    return entry;
  }
}
