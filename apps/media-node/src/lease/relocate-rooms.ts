import { type CoreAddress, FairleadError, type Lease } from "@fairlead/protocol";
import type { Placement } from "@fairlead/registry";
import type { ReturningPeers } from "../heartbeat/returning-peers.ts";
import { loseSeat } from "../room/lose-seat.ts";
import type { Room } from "../room/room.ts";
import type { Core } from "../worker/core.ts";
import type { Claims } from "./claims.ts";
import { type LeaseDeps, openAndTell } from "./open-and-tell.ts";
import { tellMoved } from "./tell-moved.ts";
import { ROOMS_AT_ONCE, Turns } from "./turns.ts";
import { untilPlaced } from "./until-placed.ts";

/** Some 18 s: what fills the other cores may settle within 10 s. */
const TRIES = 120;
/** So long rooms wait for the peers of those before them. Peers that are far away would hold the last ones up for much longer. */
const PACED_MS = 2_000;

export type RelocateDeps = LeaseDeps & {
  claims: Claims;
  cores: readonly Pick<Core, "load">[];
  returning: Pick<ReturningPeers, "noteRelocated" | "untilFew" | "handleDeath">;
  /** Resolves once the registry knows what this node has now. */
  beat: () => Promise<void>;
};

/** The core whose worker died: its new one is as good as any other core's, once the registry knows of it. */
type DeadCore = { address: CoreAddress; revived: Promise<void>; isRevived: boolean };

type Relocation = {
  dead: DeadCore;
  turns: Turns;
  pacedUntilMs: number;
  noteOpened: (lease: Lease) => void;
};

/**
 * A worker died. Rooms with peers on other cores of this node go on there. The others are placed on another core, here or elsewhere, and
 * their peers are told.
 */
export async function relocateRoomsOf(core: Core, deps: RelocateDeps): Promise<void> {
  const seated = deps.rooms.seatedOn(core.index);
  const peers = seated
    .flatMap((room) => [...room.peers.values()])
    .filter(({ seat }) => seat.core === core.index);
  const loadOfPeer = core.load / Math.max(1, peers.length);
  const rooms = seated.filter((room) => !loseSeat(room, core.index));
  const left = rooms.map((room) => ({ room, peers: room.peers.size }));
  for (const room of rooms) deps.rooms.abandon(room);
  deps.returning.handleDeath(core.index);
  const pacedUntilMs = performance.now() + PACED_MS;
  const { nodeId, incarnation } = deps;
  const revived = core.whenStarted().then(deps.beat);
  const dead: DeadCore = { address: { nodeId, incarnation, core: core.index }, revived, isRevived: false };
  void revived.then(() => {
    dead.isRevived = true;
  });
  const turns = new Turns(ROOMS_AT_ONCE);
  // A room that finds no place does not keep the others from theirs.
  const relocations = left.map(({ room, peers }) => {
    const noteOpened = ({ roomId, core }: Lease) => {
      const measured = deps.cores[core]?.load ?? 0;
      deps.returning.noteRelocated({ roomId, core, peers, load: peers * loadOfPeer }, measured);
    };
    return relocate(room, { dead, turns, pacedUntilMs, noteOpened }, deps).catch((error) =>
      deps.log.error("room.relocation_failed", { roomId: room.roomId, error }),
    );
  });
  await Promise.all(relocations);
}

async function relocate(
  room: Room,
  { dead, turns, pacedUntilMs, noteOpened }: Relocation,
  deps: RelocateDeps,
): Promise<void> {
  const { roomId } = room;
  const beganMs = performance.now();
  let held = room.lease;
  const wake = () => (dead.isRevived ? null : dead.revived);
  await untilPlaced({ tries: TRIES, turns, wake }, async (attempt) => {
    if (performance.now() < pacedUntilMs) await deps.returning.untilFew();
    // A peer that came back by itself may have had the room placed: moving it again would interrupt everybody twice.
    const reopened = deps.rooms.roomIfHere(roomId);
    if (reopened) {
      noteOpened(reopened.lease);
      return tellMoved(reopened.lease, deps.bus);
    }
    const placed = await place(attempt);
    if (!placed) return tellMoved((await deps.claims.claimHere(roomId, room)).lease, deps.bus);
    // If it fails here too, this is the lease to give up.
    if (placed.lease.incarnation === deps.incarnation) held = placed.lease;
    await openAndTell(placed, { cause: "worker_died" }, deps, beganMs);
    if (placed.lease.incarnation === deps.incarnation) noteOpened(placed.lease);
  });

  /** @returns null when the registry is away, or refuses because this node has no bus: then the node places its own rooms itself. */
  async function place(attempt: number): Promise<Placement | null> {
    const supersedes = { incarnation: held.incarnation, epoch: held.epoch };
    // Another core if there is one; else the same core, once its new worker runs.
    const exclude = attempt === 1 && !dead.isRevived ? [dead.address] : [];
    try {
      return await deps.registry.place({ roomId, supersedes, exclude });
    } catch (error) {
      if (!(error instanceof FairleadError) || attempt === 1) throw error;
      if (error.code === "registry_unreachable" || !deps.bus.isConnected) return null;
      throw error;
    }
  }
}
