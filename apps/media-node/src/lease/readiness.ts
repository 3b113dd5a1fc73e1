import { FairleadError, type NodeState } from "@fairlead/protocol";

type State = { state: "ready" } | { state: "draining"; announced: Promise<void>; by: string | undefined };

/** Whether this node takes new rooms. */
export class Readiness {
  readonly #now: () => number;
  #current: State = { state: "ready" };
  #drainingSinceMs = 0;

  /** @param now Milliseconds, of any origin; no clock that somebody sets. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get state(): NodeState {
    return this.#current.state;
  }

  /** By whom, if it was said, and for how long; null: it is ready. */
  get drain(): { by?: string; forMs: number } | null {
    if (this.#current.state === "ready") return null;
    const { by } = this.#current;
    const forMs = Math.floor(this.#now() - this.#drainingSinceMs);
    return { ...(by === undefined ? {} : { by }), forMs };
  }

  /** @throws {FairleadError} `node_draining`, once nobody is sent here any more. */
  async assertReady(): Promise<void> {
    if (this.#current.state === "ready") return;
    await this.#current.announced;
    throw new FairleadError("node_draining");
  }

  /**
   * From this call on no new rooms are taken.
   * @param announce Tells the registry so.
   * @param by The name of whoever asked for it, if it was said.
   * @returns Resolves when the registry has heard of it, or does not answer.
   */
  end(announce: () => Promise<void>, by?: string): Promise<void> {
    if (this.#current.state === "ready") this.#drainingSinceMs = this.#now();
    // Before it is announced, as the heartbeat reads it here.
    const draining = { state: "draining" as const, announced: Promise.resolve(), by };
    this.#current = draining;
    draining.announced = announce();
    return draining.announced;
  }

  /** New rooms are taken again. */
  begin(): void {
    this.#current = { state: "ready" };
  }
}
