import type { Peer } from "./peer.ts";

/** The viewers of a room that have a session: peers that only receive, and that nobody hears of. */
export class Audience {
  readonly #viewers = new Map<string, Peer>();
  /** They see what is published; until then it is a preview, for peers alone. */
  isRevealed = true;

  get size(): number {
    return this.#viewers.size;
  }

  get(peerId: string): Peer | undefined {
    return this.#viewers.get(peerId);
  }

  all(): Peer[] {
    return [...this.#viewers.values()];
  }

  /** Those that hear what peers hear. */
  revealed(): Peer[] {
    return this.isRevealed ? this.all() : [];
  }

  set(viewer: Peer): void {
    this.#viewers.set(viewer.peerId, viewer);
  }

  delete(viewer: Peer): void {
    this.#viewers.delete(viewer.peerId);
  }

  clear(): void {
    this.#viewers.clear();
  }
}
