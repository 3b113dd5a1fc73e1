import type { Lease } from "@fairlead/protocol";
import type { NodePools } from "../node-pools/memory.ts";
import type { KnownCore, KnownNode } from "../nodes/known-node.ts";
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

  startRoom(node: KnownNode, { roomId, core }: Lease, costPpm: number, nowMs: number): void {
    const growth = growthPpm({ ageMs: 0, peers: 0, costPpm }, this.#policy);
    node.young.set(roomId, { core, placedAtMs: nowMs, costPpm, peers: 0, growthPpm: growth });
    addGrowth(node, core, growth);
    this.#pools.rank(node);
  }

  /** The peer's cost is a debit of its own, so the expected growth of a young room shrinks by it. */
  addPeer(node: KnownNode, { roomId, core }: Lease, debitId: string, nowMs: number): void {
    const costPpm = this.#policy.peerCostPpm;
    node.debits.set(debitId, { roomId, core, costPpm, atMs: nowMs });
    node.openPeers += 1;
    addDebit(node, core, costPpm);
    addGrowth(node, core, this.#growAt(node, roomId, nowMs));
    this.#pools.rank(node);
  }

  /** The room left the node: its load there, promised or not, goes with it. */
  dropRoom(node: KnownNode, roomId: string): void {
    const young = node.young.get(roomId);
    if (young) addGrowth(node, young.core, -young.growthPpm);
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
    const { debitTtlMs, reservationMs } = this.#policy;
    for (const core of node.cores) {
      core.debitPpm = 0;
      core.growthPpm = 0;
    }
    for (const [debitId, { atMs, core, costPpm }] of node.debits)
      if (nowMs - atMs > debitTtlMs) node.debits.delete(debitId);
      else addDebit(node, core, costPpm);
    const before = node.young.size;
    for (const [roomId, young] of node.young) {
      const { placedAtMs, peers, costPpm } = young;
      const ageMs = nowMs - placedAtMs;
      if (ageMs >= reservationMs) {
        node.young.delete(roomId);
        continue;
      }
      young.growthPpm = growthPpm({ ageMs, peers, costPpm }, this.#policy);
      addGrowth(node, young.core, young.growthPpm);
    }
    node.openPeers = node.debits.size;
    this.#pools.rank(node);
    return node.young.size < before;
  }

  /** @returns By how much the growth that the room reserves changes with one peer more. */
  #growAt(node: KnownNode, roomId: string, nowMs: number): number {
    const young = node.young.get(roomId);
    if (!young) return 0;
    const before = young.growthPpm;
    young.peers += 1;
    const { placedAtMs, peers, costPpm } = young;
    young.growthPpm = growthPpm({ ageMs: nowMs - placedAtMs, peers, costPpm }, this.#policy);
    return young.growthPpm - before;
  }
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
