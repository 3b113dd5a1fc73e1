import { type CoreAddress, FairleadError, type NodeState } from "@fairlead/protocol";
import type { Room } from "../room/room.ts";
import type { Core } from "../worker/core.ts";
import { moveRoom } from "./move-room.ts";
import type { LeaseDeps } from "./open-and-tell.ts";

/** A core above this load, for so long, gives a room away. */
const BUSY_LOAD = 0.8;
const BUSY_FOR_MS = 10_000;
/** A room goes where it leaves the core below this load: it must not be passed on. */
const FITS_BELOW = 0.6;

export type ReliefDeps = LeaseDeps & {
  cores: readonly Pick<Core, "index" | "load" | "isUsable" | "isFull">[];
  readiness: { readonly state: NodeState };
  now: () => number;
};

/**
 * Moves a whole room away from a core that stays busy, so that its other rooms have enough again: one room, and then the loads are looked at
 * anew. Rooms that span cores are spread already, and one where a move would cut somebody off stays.
 */
export class Relief {
  readonly #deps: ReliefDeps;
  readonly #busySinceMs = new Map<number, number>();
  #isMoving = false;

  constructor(deps: ReliefDeps) {
    this.#deps = deps;
  }

  /** Called about once a second. Never rejects. */
  async tick(): Promise<void> {
    const { cores, readiness, bus, now } = this.#deps;
    const nowMs = now();
    for (const { index, load } of cores)
      if (load <= BUSY_LOAD) this.#busySinceMs.delete(index);
      else if (!this.#busySinceMs.has(index)) this.#busySinceMs.set(index, nowMs);
    if (this.#isMoving || readiness.state !== "ready" || !bus.isConnected) return;
    const isDue = ({ index }: { index: number }) =>
      nowMs - (this.#busySinceMs.get(index) ?? nowMs) >= BUSY_FOR_MS;
    const core = cores.filter(isDue).sort((a, b) => b.load - a.load)[0];
    const room = core && this.#chooseRoom(core);
    if (core && room) await this.#move(room, core.index);
  }

  /** The room whose peers are fewest of those that bring the core below the limit, if another core can take it; else the largest that fits. */
  #chooseRoom({ index, load }: { index: number; load: number }): Room | undefined {
    const rooms = this.#deps.rooms.onCore(index).filter((room) => room.present > 0);
    const presentInAll = rooms.reduce((sum, room) => sum + room.present, 0);
    const costOf = (room: Room) => (load * room.present) / presentInAll;
    const least = this.#leastLoad(index);
    const fitting = rooms
      .filter((room) => room.span.seats.length === 1 && room.cutByMove === 0)
      .filter((room) => least + costOf(room) < FITS_BELOW)
      .sort((a, b) => a.present - b.present);
    return fitting.find((room) => load - costOf(room) < BUSY_LOAD) ?? fitting.at(-1);
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
