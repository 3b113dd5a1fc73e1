import { FairleadError, type Lease, type NodeCallReply, RoomOptions } from "@fairlead/protocol";
import type { Registry } from "@fairlead/registry";
import type { Logger } from "@fairlead/telemetry";
import type { Room } from "../room/room.ts";
import type { Rooms } from "../rooms/rooms.ts";
import type { Core } from "../worker/core.ts";
import { leastLoadedCore } from "../worker/least-loaded-core.ts";
import type { Readiness } from "./readiness.ts";

export type PlacedRoom = NodeCallReply<"room.claim">;

export type ClaimsOptions = {
  nodeId: string;
  incarnation: string;
  cores: readonly Core[];
  rooms: Rooms;
  registry: Registry;
  /** The last heartbeat was not answered. */
  isRegistryAway: () => boolean;
  readiness: Readiness;
  log: Logger;
  now: () => number;
};

/** Peers have no other node to turn to, so they try again soon. */
const NO_CAPACITY_RETRY_MS = 1_000;

/** Claims rooms for this node without the registry, while that is away. */
export class Claims {
  readonly #options: ClaimsOptions;
  /** Claims that are being made, so that simultaneous ones share one. */
  readonly #claiming = new Map<string, Promise<Room>>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /**
   * Finds a place for a room that no node serves. If this node reaches the registry, the registry decides: a signaling process that
   * alone has lost the registry must not cause a second owner.
   *
   * @throws {FairleadError} `node_draining`, `no_capacity`, `core_full`; `registry_cold`.
   */
  async claim(roomId: string): Promise<PlacedRoom> {
    const { rooms, readiness } = this.#options;
    const here = rooms.roomIfHere(roomId);
    if (here) return placedRoom(here);
    await readiness.assertReady();
    return (await this.#askRegistry(roomId)) ?? placedRoom(await this.claimHere(roomId));
  }

  /** Claims the room without asking. Heartbeats tell the registry, which settles it if another node has the room too. */
  claimHere(roomId: string, known: Partial<Pick<Room, "options" | "mutes" | "bans">> = {}): Promise<Room> {
    const claiming = this.#claiming.get(roomId);
    if (claiming) return claiming;
    const { rooms, log } = this.#options;
    const lease = this.#newLease(roomId);
    log.warn("room.claimed", { roomId, core: lease.core, epoch: lease.epoch });
    const { options = RoomOptions.parse({}), mutes, bans } = known;
    const claim = rooms
      .open({ lease, options, mutes: mutes?.all() ?? [], bans, isLocal: true })
      .finally(() => this.#claiming.delete(roomId));
    this.#claiming.set(roomId, claim);
    return claim;
  }

  async #askRegistry(roomId: string): Promise<PlacedRoom | null> {
    const { registry, isRegistryAway } = this.#options;
    if (isRegistryAway()) return null;
    try {
      const { lease, room } = await registry.place({ roomId });
      return { lease, ...room };
    } catch (error) {
      if (error instanceof FairleadError && error.code === "registry_unreachable") return null;
      throw error;
    }
  }

  #newLease(roomId: string): Lease {
    const { nodeId, incarnation, cores, rooms, now } = this.#options;
    const core = leastLoadedCore(cores, rooms, now());
    if (!core) throw new FairleadError("no_capacity", { retryAfterMs: NO_CAPACITY_RETRY_MS });
    const epoch = Math.max(rooms.lastEpochOf(roomId) + 1, now());
    return { roomId, nodeId, incarnation, core: core.index, epoch };
  }
}

export function placedRoom({ lease, options, mutes }: Room): PlacedRoom {
  return { lease, options, mutes: mutes.all() };
}
