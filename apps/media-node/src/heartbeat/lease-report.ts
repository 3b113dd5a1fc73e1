import { digestOf, type Heartbeat, type ServedLease } from "@fairlead/protocol";

type LeasesOfBeat = Heartbeat["leases"];

/** All are named so often in any case, for the digest can be right by chance; less often where they are many. */
const COMPLETE_EVERY = { ms: 60_000, leases: 1_000 };
/** A room is named again when its number of peers has changed by this much, whichever is more. */
const NEWS = { peers: 2, share: 0.25 };

/**
 * Which of its leases a node names in a heartbeat: those that the registry does not know as they are. A digest of all in every beat shows
 * whether all must be named: also after a silence, in which the registry may have been emptied, or have given rooms away. (Naming them
 * costs a registry that comes back about 20 µs each, of all nodes at once.)
 */
export class LeaseReport {
  /** As the registry last heard and answered, by room. */
  readonly #known = new Map<string, ServedLease>();
  #completeMs = Number.NEGATIVE_INFINITY;
  #isAskedForAll = true;

  /** The leases that a heartbeat sent now names. */
  compose(served: readonly ServedLease[], nowMs: number): LeasesOfBeat {
    const isComplete =
      this.#isAskedForAll ||
      nowMs - this.#completeMs >= COMPLETE_EVERY.ms * Math.max(1, served.length / COMPLETE_EVERY.leases);
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
    this.#isAskedForAll = needsAllLeases || this.#known.size > 2 * leases.count + 1_000;
  }
}

function isNews(lease: ServedLease, known: ServedLease | undefined): boolean {
  if (known?.epoch !== lease.epoch || known.core !== lease.core || known.isLocal !== lease.isLocal)
    return true;
  return Math.abs(lease.peers - known.peers) >= Math.max(NEWS.peers, NEWS.share * known.peers);
}
