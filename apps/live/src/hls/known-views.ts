import type { ViewClaims } from "@fairlead/protocol";
import { type KeySet, verifyViewTicket } from "@fairlead/tickets";

export type KnownViewsOptions = {
  /** Of the cluster's sessions: public ones are enough. */
  keys: KeySet;
  /** Milliseconds since 1970. */
  now: () => number;
};

const MOST = 20_000;

/** View tickets that were verified: one stands in the path of every request of its viewer. */
export class KnownViews {
  readonly #options: KnownViewsOptions;
  /** By broadcast and ticket. */
  readonly #views = new Map<string, ViewClaims>();

  constructor(options: KnownViewsOptions) {
    this.#options = options;
  }

  /** @throws {FairleadError} `ticket_…`. */
  async verify(broadcastId: string, ticket: string): Promise<ViewClaims> {
    const { keys, now } = this.#options;
    const name = `${broadcastId}/${ticket}`;
    const known = this.#views.get(name);
    if (known && now() < known.exp * 1_000) return known;
    this.#views.delete(name);
    const claims = await verifyViewTicket(keys, ticket, broadcastId, { now });
    const [oldest] = this.#views.keys();
    if (this.#views.size >= MOST && oldest !== undefined) this.#views.delete(oldest);
    this.#views.set(name, claims);
    return claims;
  }
}
