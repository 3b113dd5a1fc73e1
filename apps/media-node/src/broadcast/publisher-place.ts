import { FairleadError, type IngestHealth, type IngestKind, type IngestRefusal } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { HookFacts } from "../hooks/hooks.ts";
import type { Seat } from "../room/seat.ts";

/** Whoever publishes a broadcast, in whatever way. */
export type Claimant = {
  kind: IngestKind;
  /** Of the hooks that were asked for it. */
  facts: HookFacts;
  /** Its media, as it is now. */
  producers: () => readonly types.Producer[];
  /** Where its producers are; null before there are any. Absent: the process that takes its media in packages it too. */
  seat?: () => Seat | null;
  /** What the process that takes its media in tells of it. */
  health?: () => IngestHealth;
  /** It has lost its place to a newer publisher, or is gone for another reason. */
  close: (reason: "replaced" | "silent" | "ended") => void;
};

/** How its media comes: bits/s, and the share of lost packets of its worst stream, 0..1. */
export type PublisherHealth = { bitrateBps: number; lossRatio: number };

const NO_MEDIA: PublisherHealth = { bitrateBps: 0, lossRatio: 0 };

export type Holder = Claimant & { run: number; sinceMs: number };

/** While media came within this time, no other publisher takes over. */
const ACTIVE_MS = 2_000;
/** Without media for so long, what publishes counts as gone though its session stands. */
export const SILENT_MS = 5_000;
const FIRST_LOOK_MS = 100;
const FIRST_LOOKS = 30;

/** A publisher was still coming in when another one took its place. */
export function newerPublisherCame(): FairleadError {
  return new FairleadError("publisher_active", {
    message: "a newer publisher came",
    retryAfterMs: ACTIVE_MS,
  });
}

/** `now`: since 1970. `elapsed`: no setting of a clock changes it. Both in milliseconds. */
export type Clocks = { now: () => number; elapsed: () => number };

/** The one place of a broadcast's publisher. */
export class PublisherPlace {
  readonly #clocks: Clocks;
  #holder: Holder | null = null;
  #bytes = 0;
  #health: PublisherHealth = NO_MEDIA;
  #mediaAtMs = 0;
  #hasMedia = false;
  #refused: IngestRefusal | null = null;

  constructor(clocks: Clocks) {
    this.#clocks = clocks;
  }

  get holder(): Holder | null {
    return this.#holder;
  }

  /** As of the last look. */
  get health(): PublisherHealth {
    return this.#health;
  }

  /** The last publisher was sent away; null: it was not, or another one has come. */
  get refused(): IngestRefusal | null {
    return this.#refused;
  }

  /** Media of the present publisher has come at all, and lately. */
  get isSending(): boolean {
    return this.#holder !== null && this.#hasMedia && this.silentMs < SILENT_MS;
  }

  /** Since the present publisher's last media; since it came, where none has come yet. */
  get silentMs(): number {
    return this.#clocks.elapsed() - this.#mediaAtMs;
  }

  /** @throws {FairleadError} `publisher_active` with `retryAfterMs`: another one's media came within the last two seconds. */
  async assertFree(): Promise<void> {
    await this.sample();
    this.#assertFree();
  }

  /**
   * Gives the place to the newest publisher, and closes the one before; decided in one turn.
   * @param run Of the new one.
   * @throws {FairleadError} As `assertFree`.
   */
  async claim(claimant: Claimant, run: () => number): Promise<Holder> {
    await this.sample();
    this.#assertFree();
    const before = this.#holder;
    const holder = { ...claimant, run: run(), sinceMs: this.#clocks.now() };
    this.#holder = holder;
    this.#refused = null;
    this.#bytes = 0;
    this.#health = NO_MEDIA;
    this.#hasMedia = false;
    this.#mediaAtMs = this.#clocks.elapsed();
    before?.close("replaced");
    return holder;
  }

  #assertFree(): void {
    const waitMs = ACTIVE_MS - this.silentMs;
    if (this.#holder && waitMs > 0)
      throw new FairleadError("publisher_active", {
        message: "another publisher is live",
        retryAfterMs: Math.ceil(waitMs),
      });
  }

  /** @param refused What it was told as it was sent away. @returns Whether it had the place. */
  release(holder: Holder, refused?: string): boolean {
    if (this.#holder !== holder) return false;
    this.#holder = null;
    if (refused !== undefined) this.#refused = { words: refused, atMs: this.#clocks.now() };
    return true;
  }

  /** Looks often, for some seconds, until the holder's first media. */
  async untilSending(holder: Holder, look: () => Promise<void>): Promise<void> {
    for (let looks = 0; looks < FIRST_LOOKS && this.#holder === holder && !this.isSending; looks += 1) {
      await new Promise((resolve) => setTimeout(resolve, FIRST_LOOK_MS));
      await look();
    }
  }

  /** Looks whether media has come. Never rejects. */
  async sample(): Promise<void> {
    const holder = this.#holder;
    if (!holder) return;
    const stats = (await Promise.all(holder.producers().map(statsOf))).flat();
    const bytes = stats.reduce((sum, { byteCount }) => sum + byteCount, 0);
    if (this.#holder !== holder) return;
    this.#health = healthOf(stats);
    if (bytes > this.#bytes) {
      this.#mediaAtMs = this.#clocks.elapsed();
      this.#hasMedia = true;
    }
    this.#bytes = bytes;
  }
}

/** None of a producer that has closed. */
async function statsOf(producer: types.Producer): Promise<types.ProducerStat[]> {
  try {
    return await producer.getStats();
  } catch {
    return [];
  }
}

function healthOf(stats: readonly types.ProducerStat[]): PublisherHealth {
  return {
    bitrateBps: stats.reduce((sum, { bitrate }) => sum + bitrate, 0),
    // RFC 3550 § 6.4.1: of 256.
    lossRatio: Math.max(0, ...stats.map(({ fractionLost }) => fractionLost / 256)),
  };
}
