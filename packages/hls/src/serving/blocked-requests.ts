import { FairleadError } from "@fairlead/protocol";

export type BlockedLimits = {
  /** Requests of one address that may wait at the same time. */
  blockedPerAddress: number;
  /** Of all. */
  blockedInAll: number;
};

const RETRY_MS = 1_000;

/** Bounds the requests that wait for media to come. */
export class BlockedRequests {
  readonly #limits: BlockedLimits;
  readonly #byAddress = new Map<string, number>();
  #inAll = 0;

  constructor(limits: BlockedLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#inAll;
  }

  /** @throws {FairleadError} `no_capacity`, which players try again after: of its address or of all, too many wait. */
  async run<T>(address: string, wait: () => Promise<T>): Promise<T> {
    const before = this.#byAddress.get(address) ?? 0;
    if (before >= this.#limits.blockedPerAddress || this.#inAll >= this.#limits.blockedInAll)
      throw new FairleadError("no_capacity", { message: "too many requests wait", retryAfterMs: RETRY_MS });
    this.#inAll++;
    this.#byAddress.set(address, before + 1);
    try {
      return await wait();
    } finally {
      this.#inAll--;
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    }
  }
}
