import type { Peer } from "../room/peer.ts";
import type { Room } from "../room/room.ts";
import type { Claimant, Holder } from "./publisher-place.ts";

export type SdkPublishersOptions = {
  room: Room;
  claim: (claimant: Claimant) => Promise<Holder>;
  release: (holder: Holder) => void;
  isHeldBy: (holder: Holder) => boolean;
};

/** Peers that publish a broadcast: each claims it with its first producer. */
export class SdkPublishers {
  readonly #options: SdkPublishersOptions;
  readonly #claims = new WeakMap<Peer, Promise<Holder>>();

  constructor(options: SdkPublishersOptions) {
    this.#options = options;
  }

  /** @throws {FairleadError} As `BroadcastView.admitPublisher`. */
  async admit(peer: Peer): Promise<void> {
    const before = this.#claims.get(peer) ?? Promise.resolve(null);
    // One after the other: a second producer of the same peer is no second publisher.
    const claim = before
      .catch(() => null)
      .then((held) => (held && this.#options.isHeldBy(held) ? held : this.#claim(peer)));
    this.#claims.set(peer, claim);
    await claim;
  }

  async #claim(peer: Peer): Promise<Holder> {
    const { room, claim, release } = this.#options;
    const facts = {
      broadcastId: room.roomId,
      kind: "sdk" as const,
      sessionId: peer.session.sessionId,
      identity: peer.identity,
      cacheKey: peer.ticketId,
    };
    const holder = await claim({
      kind: "sdk",
      facts,
      producers: () => [...peer.producers.values()],
      seat: () => peer.seat,
      close: (reason) => {
        // A peer that is silent has switched everything off, and may switch it on again.
        if (reason === "replaced")
          room.remove(peer, "replaced", "session_replaced", "another publisher took over");
      },
    });
    if (peer.isClosed) release(holder);
    else peer.transports.receive.observer.once("close", () => release(holder));
    return holder;
  }
}
