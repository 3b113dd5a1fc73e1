import { compareText, ScoredSet } from "../../memory/scored-set.ts";
import type { PlacementPolicy } from "../policy.ts";
import { addCount, type Counts, newCounts } from "./counts.ts";
import { carriesWithout } from "./fewer-nodes.ts";
import type { GroupRecord } from "./group-capacity.ts";
import { type Share, SUM_NAMES, type Sums } from "./share.ts";

/** What nodes of it offer: what a room may ask for. */
type Offer = { region: string; labels: readonly string[] };

type Group = {
  sums: Sums;
  /** How many ready nodes have so many usable cores. */
  sizes: Map<number, number>;
  belowSinceMs: number | null;
  cameAtMs: number;
  /** Incarnations of ready nodes, most cheaply emptied first. */
  ready: ScoredSet;
};

type Counted = Offer & {
  arrivals: Counts;
  refusals: Counts;
  refused: number;
  /** How many rooms came that were to fill nodes, and in which second. */
  filled: { second: number; count: number };
};

/** What a room is to be placed by. */
export type GroupWish = {
  region?: string | undefined;
  labels: readonly string[];
  nodeId?: string | undefined;
};

/** Groups of nodes that are scaled together: what they add up to, and what came to them lately. */
export class Groups {
  readonly #policy: PlacementPolicy;
  /** By incarnation. */
  readonly #shares = new Map<string, Share>();
  readonly #groups = new Map<string, Group>();
  /** Also of those that have no node any more. */
  readonly #counted = new Map<string, Counted>();

  constructor(policy: PlacementPolicy) {
    this.#policy = policy;
  }

  /** @param about.roomCostPpm What a room is expected to cost. */
  tell(
    incarnation: string,
    share: Share,
    { nowMs, roomCostPpm, ...offer }: Offer & { nowMs: number; roomCostPpm: number },
  ): void {
    const known = this.#shares.get(incarnation);
    if (known && known.group !== share.group) this.end(incarnation, { nowMs, roomCostPpm });
    if (known?.group !== share.group) this.#noteArrival(share.group, { nowMs, ...offer });
    const before = this.#shares.get(incarnation);
    this.#shares.set(incarnation, share);
    const group = this.#groups.get(share.group) ?? newGroup(nowMs);
    this.#groups.set(share.group, group);
    if (share.ready > 0)
      group.ready.set(incarnation, share.peers * 1_000_000 + Math.min(share.rooms, 999_999));
    else group.ready.delete(incarnation);
    if (before) add(group, before, -1);
    add(group, share, 1);
    this.#noteBelow(group, { nowMs, roomCostPpm });
  }

  /** The node is gone. */
  end(incarnation: string, at: { nowMs: number; roomCostPpm: number }): void {
    const share = this.#shares.get(incarnation);
    const group = share && this.#groups.get(share.group);
    if (!share || !group) return;
    this.#shares.delete(incarnation);
    group.ready.delete(incarnation);
    add(group, share, -1);
    if (group.sums.nodes === 0) this.#groups.delete(share.group);
    else this.#noteBelow(group, at);
  }

  /** A room was placed there that nobody served before. */
  countArrival(incarnation: string, nowMs: number, fills = false): void {
    const group = this.#shares.get(incarnation)?.group;
    const counted = group === undefined ? undefined : this.#counted.get(group);
    if (!counted) return;
    addCount(counted.arrivals, nowMs, this.#policy);
    const second = Math.floor(nowMs / 1_000);
    if (fills)
      counted.filled = { second, count: (counted.filled.second === second ? counted.filled.count : 0) + 1 };
  }

  /** Rooms come to that run's group faster than one a second and node, of those that are to fill nodes. */
  isFast(incarnation: string, nowMs: number): boolean {
    const group = this.#shares.get(incarnation)?.group ?? "";
    const { filled } = this.#counted.get(group) ?? {};
    const ready = this.#groups.get(group)?.sums.ready;
    if (!filled || ready === undefined) return true;
    return filled.second === Math.floor(nowMs / 1_000) && filled.count >= ready;
  }

  /** No node more would help a room that is pinned to one, nor where nodes only wait for the bus. */
  countRefusal(wish: GroupWish, nowMs: number, order?: readonly string[]): void {
    if (wish.nodeId !== undefined) return;
    const name = this.#groupFor(wish, order);
    const group = name === undefined ? undefined : this.#groups.get(name);
    const counted = name === undefined ? undefined : this.#counted.get(name);
    if (!group || !counted || group.sums.onBus < group.sums.ready) return;
    addCount(counted.refusals, nowMs, this.#policy);
    counted.refused += 1;
    group.belowSinceMs = null;
  }

  /** @param isAlive Of an incarnation. @returns In order of name. */
  list(isAlive: (incarnation: string) => boolean): GroupRecord[] {
    return this.#names().map((name) => {
      const { sums, sizes, belowSinceMs, cameAtMs, ready } = this.#groups.get(name) as Group;
      const { arrivals, refusals, refused } = this.#counted.get(name) as Counted;
      const cheapest = [...ready.from()]
        .slice(0, this.#policy.candidateLimit)
        .find(({ member }) => isAlive(member));
      const share = cheapest && this.#shares.get(cheapest.member);
      return {
        ...{ group: name, ...sums, belowSinceMs, cameAtMs, arrivals, refusals, refused },
        largestNodeCores: Math.max(0, ...sizes.keys()),
        cheapest: cheapest && share ? { incarnation: cheapest.member, ...share } : null,
      };
    });
  }

  #names(): string[] {
    return [...this.#groups.keys()].sort(compareText);
  }

  #noteArrival(name: string, { nowMs, region, labels }: Offer & { nowMs: number }): void {
    const known = this.#counted.get(name) ?? {
      ...{ arrivals: newCounts(), refusals: newCounts(), refused: 0 },
      filled: { second: 0, count: 0 },
    };
    this.#counted.set(name, { ...known, region, labels });
    const group = this.#groups.get(name);
    if (group) group.cameAtMs = nowMs;
  }

  /** The first in the order given; without one the first by name, of the preferred region if there is one. */
  #groupFor({ region, labels }: GroupWish, order: readonly string[] = []): string | undefined {
    const names = order.length > 0 ? order : this.#names().slice(0, this.#policy.groupsLookedAt);
    const fitting = names.filter((name) => {
      const offer = this.#groups.has(name) && this.#counted.get(name);
      return offer && labels.every((label) => offer.labels.includes(label));
    });
    const near = fitting.find((name) => this.#counted.get(name)?.region === region);
    return order.length > 0 ? fitting[0] : (near ?? fitting[0]);
  }

  #noteBelow(group: Group, { nowMs, roomCostPpm }: { nowMs: number; roomCostPpm: number }): void {
    const largestNodeCores = Math.max(0, ...group.sizes.keys());
    const reserve = { rooms: this.#policy.reserveRooms, roomCostPpm };
    const isBelow = carriesWithout(1, { ...group.sums, largestNodeCores }, reserve, this.#policy);
    group.belowSinceMs = isBelow ? (group.belowSinceMs ?? nowMs) : null;
  }
}

function newGroup(nowMs: number): Group {
  const sums = Object.fromEntries(SUM_NAMES.map((name) => [name, 0])) as Sums;
  return { sums, sizes: new Map(), belowSinceMs: null, cameAtMs: nowMs, ready: new ScoredSet() };
}

function add({ sums, sizes }: Group, share: Share, sign: 1 | -1): void {
  for (const name of SUM_NAMES) sums[name] += sign * share[name];
  if (share.cores === 0) return;
  const count = (sizes.get(share.cores) ?? 0) + sign;
  if (count > 0) sizes.set(share.cores, count);
  else sizes.delete(share.cores);
}
