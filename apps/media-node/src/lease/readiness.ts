import { FairleadError, type NodeState } from "@fairlead/protocol";

type State = { state: "ready" } | { state: "draining"; announced: Promise<void> };

/** Whether this node takes new rooms. */
export class Readiness {
  #current: State = { state: "ready" };

  get state(): NodeState {
    return this.#current.state;
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
   * @returns Resolves when the registry has heard of it, or does not answer.
   */
  end(announce: () => Promise<void>): Promise<void> {
    // Before it is announced, as the heartbeat reads it here.
    const draining = { state: "draining" as const, announced: Promise.resolve() };
    this.#current = draining;
    draining.announced = announce();
    return draining.announced;
  }

  /** New rooms are taken again. */
  begin(): void {
    this.#current = { state: "ready" };
  }
}
