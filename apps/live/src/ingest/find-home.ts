import { FairleadError } from "@fairlead/protocol";
import type { IngestPlace } from "@fairlead/signaling/ingest";
import { WORDS, wordsForGood } from "./ends-publisher.ts";
import type { PublisherDeps } from "./publisher-deps.ts";

/** For as long an encoder goes on without a home. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = { min: 100, max: 1_000 };
/**
 * A place that we claimed and whose answer was lost counts as another's until it has brought no media for two seconds. One that is taken
 * for longer has a publisher that sends.
 */
const TAKEN_AFTER_MS = 4_000;

export type Search = {
  deps: Pick<PublisherDeps, "openAgain" | "now">;
  isWanted: () => boolean;
  /** Whether the home that was given up has the publisher after all. */
  isStillHeld: () => Promise<boolean>;
  /** @throws {FairleadError} What the new home refuses with. */
  connect: (place: IngestPlace) => Promise<void>;
};

/**
 * Claims the broadcast at its new home, and brings the media there. Never rejects.
 * @returns null when it is there, or nobody wants it any more; otherwise what the encoder is told at its end.
 */
export async function findHome(search: Search): Promise<string | null> {
  const { deps, isWanted, isStillHeld, connect } = search;
  let startedMs = deps.now();
  let takenSinceMs: number | null = null;
  while (isWanted()) {
    try {
      await connect(await deps.openAgain(isWanted));
      return null;
    } catch (error) {
      const words = wordsForGood(error);
      if (words !== null) return words;
      if (isUnknowing(error)) {
        // Nobody can be asked, and media may flow on: this time does not count.
        startedMs = deps.now();
        if (await isStillHeld()) return null;
      }
      const isTaken = error instanceof FairleadError && error.code === "publisher_active";
      if (isTaken && (await isStillHeld())) return null;
      takenSinceMs = isTaken ? (takenSinceMs ?? deps.now()) : null;
      if (takenSinceMs !== null && deps.now() - takenSinceMs >= TAKEN_AFTER_MS) return WORDS.replaced;
      if (deps.now() - startedMs >= PATIENCE_MS) return WORDS.lost;
      await pauseAfter(error);
    }
  }
  return null;
}

/** The bus or the registry is away. */
function isUnknowing(error: unknown): boolean {
  const codes: string[] = ["bus_disconnected", "registry_unreachable", "registry_cold"];
  return error instanceof FairleadError && codes.includes(error.code);
}

function pauseAfter(error: unknown): Promise<void> {
  const askedMs = error instanceof FairleadError ? (error.retryAfterMs ?? 0) : 0;
  const pauseMs = Math.min(Math.max(askedMs, PAUSE_MS.min), PAUSE_MS.max);
  return new Promise((resolve) => setTimeout(resolve, pauseMs));
}
