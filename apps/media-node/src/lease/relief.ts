import { type CoreAddress, FairleadError, type NodeState } from "@fairlead/protocol";
import type { Peer } from "../room/peer.ts";
import { reseat } from "../room/reseat.ts";
import type { Room } from "../room/room.ts";
import type { Core } from "../worker/core.ts";
import { type MoveDeps, moveRoom } from "./move-room.ts";

/** A core above this load, for so long, gives something away. */
export const DEFAULT_BUSY_LOAD = 0.8;
const BUSY_FOR_MS = 10_000;
/** A room goes where it leaves the core below this load: it must not be passed on. */
const FITS_BELOW = 0.6;
/** So many peers join anew within ten seconds at most. */
const GUESTS_AT_ONCE = 10;
/**
 * So many consumers are made for peers that join anew at once: in half a second, as the room's queue works half of the time. A peer is in
 * place before the others hear it there, and lets go of its former place a second later.
 */
const CONSUMERS_AT_ONCE = 250;

/** Guests that take another seat, a few at a time. `left`: so many more are to go. `going`: they are on their way. */
type Leaving = { room: Room; core: number; left: number; going: Peer[] };

type BusyCore = Pick<Core, "index" | "load">;

export type ReliefDeps = MoveDeps & {
  cores: readonly Pick<Core, "index" | "load" | "isUsable" | "isFull">[];
  readiness: { readonly state: NodeState };
  now: () => number;
  /** Default: `DEFAULT_BUSY_LOAD`. */
  busyLoad?: number | undefined;
};

/**
 * Takes load from a core that stays busy, so that what is left on it has enough again, and then the loads are looked at anew. Either a whole
 * room goes to another core or node; or, of rooms that span cores, guests of this one take another seat. Nothing goes where that would cut
 * somebody off.
 */
export class Relief {
  readonly #deps: ReliefDeps;
  readonly #busySinceMs = new Map<number, number>();
  readonly #busyLoad: number;
  #isMoving = false;
  #leaving: Leaving | null = null;

  constructor(deps: ReliefDeps) {
    this.#deps = deps;
    this.#busyLoad = deps.busyLoad ?? DEFAULT_BUSY_LOAD;
  }

  /** Called about once a second. Never rejects. */
  async tick(): Promise<void> {
    const { cores, readiness, bus, now } = this.#deps;
    const nowMs = now();
    for (const { index, load } of cores)
      if (load <= this.#busyLoad) this.#busySinceMs.delete(index);
      else if (!this.#busySinceMs.has(index)) this.#busySinceMs.set(index, nowMs);
    if (this.#leaving) this.#reseatNext(this.#leaving);
    if (this.#isMoving || this.#leaving || readiness.state !== "ready" || !bus.isConnected) return;
    const isDue = ({ index }: { index: number }) =>
      nowMs - (this.#busySinceMs.get(index) ?? nowMs) >= BUSY_FOR_MS;
    for (const core of cores.filter(isDue).sort((a, b) => b.load - a.load)) {
      const room = this.#chooseRoom(core);
      if (room) return this.#move(room, core.index);
      if (this.#reseatGuests(core)) return;
    }
  }

  /** The room whose peers are fewest of those that bring the core below the limit, if another core can take it; else the largest that fits. */
  #chooseRoom(core: BusyCore): Room | undefined {
    const { index, load } = core;
    const costOf = (room: Room) => this.#costOfOne(core) * room.present;
    const least = this.#leastLoad(index);
    const fitting = this.#deps.rooms
      .onCore(index)
      .filter((room) => room.present > 0 && room.span.seats.length === 1 && room.cutByMove === 0)
      .filter((room) => least + costOf(room) < FITS_BELOW)
      .sort((a, b) => a.present - b.present);
    return fitting.find((room) => load - costOf(room) < this.#busyLoad) ?? fitting.at(-1);
  }

  /**
   * As many as bring the core below the limit and fit elsewhere; all of one room, so that its media needs no more pipes than before.
   * @returns Whether any go.
   */
  #reseatGuests(core: BusyCore): boolean {
    const cost = this.#costOfOne(core);
    const fitting = Math.ceil((FITS_BELOW - this.#leastLoad(core.index)) / cost) - 1;
    const tooMany = Math.floor((core.load - this.#busyLoad) / cost) + 1;
    const guests = this.#deps.rooms
      .seatedOn(core.index)
      .map((room) => ({ room, peers: guestsOn(room, core.index) }))
      .sort((a, b) => b.peers.length - a.peers.length)[0];
    const count = Math.min(fitting, tooMany, GUESTS_AT_ONCE);
    if (!guests || guests.peers.length === 0 || count < 1) return false;
    this.#leaving = { room: guests.room, core: core.index, left: count, going: [] };
    this.#reseatNext(this.#leaving);
    return true;
  }

  /** Sends the next ones on their way, once those before them are in place. */
  #reseatNext(leaving: Leaving): void {
    const { room, core, left } = leaving;
    const isGoing = (peer: Peer) => room.member(peer.peerId) === peer && !peer.isClosed;
    // What has changed shows in the next ten seconds.
    this.#busySinceMs.clear();
    if (!room.takesNobody && (leaving.going.some(isGoing) || !room.queue.isIdle)) return;
    const next = room.takesNobody ? [] : withinConsumers(room, guestsOn(room, core).slice(0, left));
    leaving.going = next;
    leaving.left -= next.length;
    if (next.length > 0) reseat(room, next);
    if (next.length === 0 || leaving.left === 0) this.#leaving = null;
  }

  /** Of the core's load, what each that sits there makes of it. */
  #costOfOne({ index, load }: BusyCore): number {
    const sitting = this.#deps.rooms
      .seatedOn(index)
      .reduce((sum, room) => sum + room.sitting().filter(({ seat }) => seat.core === index).length, 0);
    return load / Math.max(1, sitting);
  }

  #leastLoad(but: number): number {
    const { cores } = this.#deps;
    const others = cores.filter(({ index, isUsable, isFull }) => index !== but && isUsable && !isFull);
    return Math.min(...others.map(({ load }) => load));
  }

  async #move(room: Room, core: number): Promise<void> {
    const { nodeId, incarnation, log } = this.#deps;
    const exclude: CoreAddress[] = [{ nodeId, incarnation, core }];
    this.#isMoving = true;
    // What has changed shows in the next ten seconds.
    this.#busySinceMs.clear();
    try {
      await moveRoom(room, { epoch: room.lease.epoch, exclude, cause: "core_busy" }, this.#deps);
    } catch (error) {
      const { roomId } = room;
      if (error instanceof FairleadError) log.warn("relief.failed", { roomId, core, error });
      else log.error("relief.failed", { roomId, core, error });
    } finally {
      this.#isMoving = false;
    }
  }
}

/** Peers of a room that is at home elsewhere, whose clients take them to another seat by themselves. */
function guestsOn(room: Room, core: number): Peer[] {
  if (room.span.home.core === core || room.egresses.size > 0) return [];
  return (
    room
      .members()
      .filter(({ seat, leavesSeat, isClosed }) => seat.core === core && !leavesSeat && !isClosed)
      .filter(({ overlaps }) => overlaps)
      // The place of a broadcast's publisher is taken as long as the media of its former seat comes.
      .filter(({ producers }) => room.broadcast === null || producers.size === 0)
  );
}

/** So many of them, but one at least, as the consumers allow that they need, and that the others need of theirs. */
function withinConsumers(room: Room, peers: readonly Peer[]): Peer[] {
  const ofOthers = room.senders().reduce((sum, { producers }) => sum + producers.size, 0);
  let consumers = 0;
  return peers.filter((peer, index) => {
    consumers += ofOthers + peer.producers.size * room.listeners().length;
    return index === 0 || consumers <= CONSUMERS_AT_ONCE;
  });
}
