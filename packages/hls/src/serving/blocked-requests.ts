import { leave } from "./count-by-key.ts";
import type { Viewer } from "./viewing-sessions.ts";

export type BlockedLimits = {
  /** Requests of one viewing session that may wait at the same time. */
  blockedPerView: number;
  /** Of one address. */
  blockedPerAddress: number;
  /** Of all. */
  blockedInAll: number;
};

/** Bounds the requests that wait for media to come. */
export class BlockedRequests {
  readonly #limits: BlockedLimits;
  readonly #byView = new Map<string, number>();
  readonly #byAddress = new Map<string, number>();
  #inAll = 0;

  constructor(limits: BlockedLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#inAll;
  }

  /** @returns null: too many wait already, of its viewing session, of its address or of all. */
  async run<T>({ viewId, address }: Viewer, wait: () => Promise<T>): Promise<T | null> {
    const { blockedPerView, blockedPerAddress, blockedInAll } = this.#limits;
    const ofView = this.#byView.get(viewId) ?? 0;
    const ofAddress = this.#byAddress.get(address) ?? 0;
    if (ofView >= blockedPerView || ofAddress >= blockedPerAddress || this.#inAll >= blockedInAll)
      return null;
    this.#inAll++;
    this.#byView.set(viewId, ofView + 1);
    this.#byAddress.set(address, ofAddress + 1);
    try {
      return await wait();
    } finally {
      this.#inAll--;
      leave(this.#byView, viewId);
      leave(this.#byAddress, address);
    }
  }
}
