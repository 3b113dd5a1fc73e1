import type { Lease } from "@fairlead/protocol";
import type { NodePools } from "../node-pools/memory.ts";
import type { KnownCore, KnownNode, YoungRoom } from "../nodes/known-node.ts";
import type { PlacementPolicy } from "../policy.ts";

/**
 * What cores have promised: to peers on their way, and to young rooms that will grow. Each is its own entry, so a heartbeat
 * that was computed before a placement cannot wipe it out, and one that names it ends it exactly once. A core's debit is
 * always the sum of its entries as they were last looked at; time alone changes nothing.
 */
export class Reservations {
  readonly #policy: PlacementPolicy;
  readonly #pools: NodePools<KnownNode>;

  constructor(policy: PlacementPolicy, pools: NodePools<KnownNode>) {
    this.#policy = policy;
    this.#pools = pools;
  }

  /** @param cost.returning The room has moved here, and so many peers with it. */
  startRoom(
    node: KnownNode,
    { roomId, core }: Lease,
    { costPpm, returning = null }: { costPpm: number; returning?: number | null },
    nowMs: number,
  ): void {
    const young: YoungRoom = {
      ...{ core, placedAtMs: nowMs, asOfMs: nowMs, returning, costPpm },
      ...{ peers: 0, measured: 0, growthPpm: 0 },
    };
    node.young.set(roomId, young);
    this.#reserve(node, young, nowMs);
    this.#pools.rank(node);
  }

  /**
   * The peer's cost is a debit of its own, so the expected growth of a young room shrinks by it. Of a room that has moved here, what its peers
   * cost is reserved already.
   */
  addPeer(node: KnownNode, { roomId, core }: Lease, debitId: string, nowMs: number): void {
    const young = node.young.get(roomId);
    const isReturning =
      young !== undefined && young.core === core && young.returning !== null && young.peers < young.returning;
    const costPpm = isReturning ? 0 : this.#policy.peerCostPpm;
    node.debits.set(debitId, { roomId, core, costPpm, atMs: nowMs });
    node.openPeers += 1;
    addDebit(node, core, costPpm);
    if (young && young.core === core && (isReturning || young.returning === null)) {
      young.measured = measuredAt(young, nowMs, this.#policy);
      young.peers += 1;
      young.asOfMs = nowMs;
      this.#reserve(node, young, nowMs);
    }
    this.#pools.rank(node);
  }

  /** The room left the node: its load there, promised or not, goes with it. */
  dropRoom(node: KnownNode, roomId: string): void {
    const young = node.young.get(roomId);
    if (young) addReserved(node, young, -young.growthPpm);
    node.young.delete(roomId);
    for (const [debitId, debit] of node.debits) {
      if (debit.roomId !== roomId) continue;
      addDebit(node, debit.core, -debit.costPpm);
      node.debits.delete(debitId);
    }
    node.openPeers = node.debits.size;
    this.#pools.rank(node);
  }

  /** Their peers sit on those cores. The sums wait for `refresh`. */
  seat(node: KnownNode, seated: readonly { debitId: string; core: number }[]): void {
    for (const { debitId, core } of seated) {
      const debit = node.debits.get(debitId);
      if (debit) debit.core = core;
    }
  }

  /** The sums wait for `refresh`. Ids of others' debits, and of ones that are gone, are passed over. */
  settle(node: KnownNode, debitIds: readonly string[]): void {
    for (const debitId of debitIds) node.debits.delete(debitId);
  }

  /** With each heartbeat: what is too old ends, growth and sums are as of now. @returns Whether what a room reserved has ended. */
  refresh(node: KnownNode, nowMs: number): boolean {
    const { debitTtlMs } = this.#policy;
    for (const core of node.cores) {
      core.debitPpm = 0;
      core.growthPpm = 0;
    }
    for (const [debitId, { atMs, core, costPpm }] of node.debits)
      if (nowMs - atMs > debitTtlMs) node.debits.delete(debitId);
      else addDebit(node, core, costPpm);
    const before = node.young.size;
    for (const [roomId, young] of node.young) {
      young.growthPpm = 0;
      if (nowMs >= endsAtMs(young, this.#policy)) node.young.delete(roomId);
      else this.#reserve(node, young, nowMs);
    }
    node.openPeers = node.debits.size;
    this.#pools.rank(node);
    return node.young.size < before;
  }

  /** What the room reserves is as of now. */
  #reserve(node: KnownNode, young: YoungRoom, nowMs: number): void {
    const { placedAtMs, peers, costPpm, growthPpm: before } = young;
    young.growthPpm =
      young.returning === null
        ? growthPpm({ ageMs: nowMs - placedAtMs, peers, costPpm }, this.#policy)
        : movedPpm(young, young.returning, nowMs, this.#policy);
    addReserved(node, young, young.growthPpm - before);
  }
}

/** When it reserves nothing any more: a room that moved is measured soon after the last of its peers came; where not all come, only time ends it. */
function endsAtMs(
  { placedAtMs, asOfMs, returning, peers }: YoungRoom,
  { reservationMs, movedSettlesMs }: PlacementPolicy,
): number {
  const latestMs = placedAtMs + reservationMs;
  return returning !== null && peers >= returning ? Math.min(latestMs, asOfMs + movedSettlesMs) : latestMs;
}

/** What it cost where it was, less the part of those of its peers that are measured here. */
function movedPpm(young: YoungRoom, returning: number, nowMs: number, policy: PlacementPolicy): number {
  if (nowMs >= endsAtMs(young, policy)) return 0;
  return Math.floor((young.costPpm * (returning - measuredAt(young, nowMs, policy))) / returning);
}

/** How many of its peers are measured: those that came last are after a while. */
function measuredAt({ asOfMs, peers, measured }: YoungRoom, nowMs: number, policy: PlacementPolicy): number {
  return nowMs >= asOfMs + policy.movedSettlesMs ? peers : measured;
}

/** @param moved.peers How many peers it had. A room that spanned cores fills no more than one; its other peers count as they come. */
export function movedRoom(
  { costPpm, peers }: { costPpm: number; peers: number },
  { fullPpm }: PlacementPolicy,
): { costPpm: number; returning: number } {
  if (costPpm <= fullPpm) return { costPpm, returning: Math.max(1, peers) };
  return { costPpm: fullPpm, returning: Math.max(1, Math.floor((peers * fullPpm) / costPpm)) };
}

/** What a room costs that moved here keeps others out; what one may grow by does not. */
function addReserved(node: KnownNode, young: YoungRoom, ppm: number): void {
  const add = young.returning === null ? addGrowth : addDebit;
  add(node, young.core, ppm);
}

function addDebit(node: KnownNode, core: number, ppm: number): void {
  const known = knownCore(node, core);
  if (known) known.debitPpm += ppm;
}

function addGrowth(node: KnownNode, core: number, ppm: number): void {
  const known = knownCore(node, core);
  if (!known) return;
  known.debitPpm += ppm;
  known.growthPpm += ppm;
}

/** A core that the node does not advertise has no sum; its entries count once it does. */
function knownCore({ cores }: KnownNode, core: number): KnownCore | undefined {
  // As a rule a node advertises its cores in order.
  const inOrder = cores[core];
  return inOrder?.core === core ? inOrder : cores.find((other) => other.core === core);
}

/**
 * What a young room is expected to add to what its peers already cost: rooms are placed small and grow, and a burst of them
 * must not land on one core meanwhile. Together with its peers, measured or still debited, the room so counts as
 * max(peers × peer cost, expected cost × ramp).
 *
 * @param room.ageMs Since the room was placed.
 * @param room.peers How many were placed into it since.
 * @param room.costPpm What it was expected to come to when it was placed.
 */
export function growthPpm(
  room: { ageMs: number; peers: number; costPpm: number },
  policy: PlacementPolicy,
): number {
  const expectedPpm = Math.floor((room.costPpm * rampPermille(room.ageMs, policy)) / 1_000);
  return Math.max(0, expectedPpm - room.peers * policy.peerCostPpm);
}

/** Full for the first half of the reservation, then falling to nothing: by then the room has shown what it is. */
function rampPermille(ageMs: number, { reservationMs }: PlacementPolicy): number {
  const leftMs = Math.max(0, reservationMs - ageMs);
  return Math.min(1_000, Math.floor((leftMs * 2_000) / reservationMs));
}
