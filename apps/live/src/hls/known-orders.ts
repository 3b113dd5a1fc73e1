import type { HlsOrder } from "@fairlead/protocol";

/** More broadcasts than a process packages while it still serves the first of them. */
const MOST = 10_000;

/** What homes have ordered last, of what it says of viewers. */
export class KnownOrders {
  /** Broadcasts of which each viewer is asked about. */
  readonly #asked = new Set<string>();

  note(broadcastId: string, { asksAboutViewers = false }: HlsOrder): void {
    this.#asked.delete(broadcastId);
    if (!asksAboutViewers) return;
    this.#asked.add(broadcastId);
    const [oldest] = this.#asked;
    if (this.#asked.size > MOST && oldest !== undefined) this.#asked.delete(oldest);
  }

  asksAboutViewers(broadcastId: string): boolean {
    return this.#asked.has(broadcastId);
  }
}
