import { digestOf, type Heartbeat, type ServedLease } from "@fairlead/protocol";

type LeasesOfBeat = Heartbeat["leases"];

/** After a longer silence the registry may have been emptied, or have given rooms away. */
const COMPLETE_AFTER_MS = 1_000;
/** All are named so often in any case: the digest can be right by chance. */
const COMPLETE_EVERY_MS = 60_000;
/** A room is named again when it has so many peers more or fewer, whichever is more. */
const NEWS = { peers: 2, share: 0.25 };

/**
 * Which of its leases a node names in a heartbeat: those that the registry does not know as they are. All of them now and
 * then; a digest of all in every beat shows whether that is needed.
 */
export class LeaseReport {
  /** As the registry last heard and answered, by room. */
  readonly #known = new Map<string, ServedLease>();
  #answeredMs = Number.NEGATIVE_INFINITY;
  #completeMs = Number.NEGATIVE_INFINITY;
  #isAskedForAll = true;

  /** What a beat sent now says. */
  compose(served: readonly ServedLease[], nowMs: number): LeasesOfBeat {
    const isComplete =
      this.#isAskedForAll ||
      nowMs - this.#answeredMs > COMPLETE_AFTER_MS ||
      nowMs - this.#completeMs >= COMPLETE_EVERY_MS ||
      served.some(({ isLocal }) => isLocal);
    return {
      ...digestOf(served),
      named: isComplete
        ? [...served]
        : served.filter((lease) => isNews(lease, this.#known.get(lease.roomId))),
      isComplete,
    };
  }

  /** The beat that said so was answered. */
  noteAnswer(leases: LeasesOfBeat, sentMs: number, { needsAllLeases }: { needsAllLeases: boolean }): void {
    // Otherwise rooms that are gone would stay here.
    if (leases.isComplete) {
      this.#known.clear();
      this.#completeMs = sentMs;
    }
    for (const lease of leases.named) this.#known.set(lease.roomId, lease);
    this.#answeredMs = sentMs;
    this.#isAskedForAll = needsAllLeases || this.#known.size > 2 * leases.count + 1_000;
  }
}

function isNews(lease: ServedLease, known: ServedLease | undefined): boolean {
  if (known?.epoch !== lease.epoch || known.core !== lease.core || known.isLocal !== lease.isLocal)
    return true;
  return Math.abs(lease.peers - known.peers) >= Math.max(NEWS.peers, NEWS.share * known.peers);
}
