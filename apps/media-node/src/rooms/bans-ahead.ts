import type { RoomSettings } from "../room/room-deps.ts";

/** Longer than a join that was placed before the ban can take to arrive. */
const KEPT_MS = 60_000;

type BanAhead = { identity: string; epoch: number };
type Kept = BanAhead & { atMs: number };

/**
 * Bans of rooms that are not here yet, or that are opened anew. The room's record has them, but this node reads it while the first
 * peers come in, and those may have been placed before the record had the ban.
 */
export class BansAhead {
  readonly #now: () => number;
  readonly #byRoom = new Map<string, Kept[]>();

  /** @param now Milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** @param ban.epoch The room's epoch when its record got the ban. */
  add(roomId: string, ban: BanAhead): void {
    this.#byRoom.set(roomId, [...this.#others(roomId, ban.identity), { ...ban, atMs: this.#now() }]);
  }

  lift(roomId: string, identity: string): void {
    this.#keep(roomId, this.#others(roomId, identity));
  }

  /**
   * @returns Identities that a room opened with these settings must keep out. None for a later lease: peers with that were placed
   * after the ban, when the registry checked the record, and the ban may be lifted since. A lease that this node made itself proves
   * nothing of the kind.
   */
  of({ lease, isLocal }: Pick<RoomSettings, "lease" | "isLocal">): string[] {
    const bans = this.#byRoom.get(lease.roomId) ?? [];
    return bans.filter(({ epoch }) => isLocal || lease.epoch <= epoch).map(({ identity }) => identity);
  }

  /** Forgets the bans that no join can have overtaken any more. */
  prune(): void {
    const sinceMs = this.#now() - KEPT_MS;
    for (const [roomId, bans] of this.#byRoom)
      this.#keep(
        roomId,
        bans.filter(({ atMs }) => atMs > sinceMs),
      );
  }

  #keep(roomId: string, bans: Kept[]): void {
    if (bans.length > 0) this.#byRoom.set(roomId, bans);
    else this.#byRoom.delete(roomId);
  }

  #others(roomId: string, identity: string): Kept[] {
    return (this.#byRoom.get(roomId) ?? []).filter((ban) => ban.identity !== identity);
  }
}
