import type { Heartbeat } from "@fairlead/protocol";
import { ScoredSet } from "../../memory/scored-set.ts";
import { BeatInterval } from "../beat-interval/memory.ts";
import { Graves } from "../graves/memory.ts";
import { BusWatch } from "../liveness/bus-watch.ts";
import { isAliveByTime, type Moment } from "../liveness/memory.ts";
import { memberOf, NodePools } from "../node-pools/memory.ts";
import type { PlacementPolicy } from "../policy.ts";
import { Telling } from "../telling/memory.ts";
import { type KnownNode, newNode, renewNode } from "./known-node.ts";

/** Each run of each node, until it is buried. */
export class NodeTable {
  readonly pools: NodePools<KnownNode>;
  readonly bus: BusWatch;
  readonly graves: Graves;
  readonly telling: Telling;
  readonly #policy: PlacementPolicy;
  readonly #nodes = new Map<string, KnownNode>();
  /** Incarnations by their last heartbeat. */
  readonly #beats = new ScoredSet();
  /** `nodeId incarnation`, in order. */
  readonly #names = new ScoredSet();
  readonly #interval: BeatInterval;
  readonly #byName = new Map<string, KnownNode>();
  /** The last beat of buried nodes, in the order of their burials. */
  readonly #buriedBeats = new Map<string, number>();
  /** Since when nobody is blamed for his silence, and the last heartbeat of any node. */
  #aliveFloorMs = 0;
  #lastBeatMs: number | null = null;
  /** When the registry was first asked for a place after that beat, and found it too long ago. */
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(policy: PlacementPolicy) {
    this.#policy = policy;
    this.pools = new NodePools(policy);
    this.bus = new BusWatch(policy);
    this.graves = new Graves(policy);
    this.telling = new Telling(policy);
    this.#interval = new BeatInterval(policy);
  }

  get(incarnation: string): KnownNode | undefined {
    return this.#nodes.get(incarnation);
  }

  /** Before anything else of a heartbeat: when nobody was heard for long, it was the registry that was away, or all were. */
  hear(nowMs: number): void {
    const isFirst = this.#lastBeatMs === null;
    if (isFirst || nowMs - (this.#lastBeatMs ?? 0) > this.#policy.gapMs) this.#aliveFloorMs = nowMs;
    this.#lastBeatMs = nowMs;
  }

  /**
   * Nobody was heard for long: the registry was away, or all nodes are dead. Time tells, from when somebody asks: nodes that live
   * are heard soon.
   * @returns For how long that has been asked, ms; null while nodes are heard, and before the first.
   */
  silentForMs(nowMs: number): number | null {
    const lastBeatMs = this.#lastBeatMs;
    if (lastBeatMs === null || nowMs - lastBeatMs <= this.#policy.gapMs) return null;
    if (this.#askedMs <= lastBeatMs) this.#askedMs = nowMs;
    return nowMs - this.#askedMs;
  }

  /** Some node was heard lately. */
  isHeard(nowMs: number): boolean {
    return this.#lastBeatMs !== null && nowMs - this.#lastBeatMs <= this.#policy.gapMs;
  }

  renew(beat: Heartbeat, nowMs: number): KnownNode {
    const known = this.#nodes.get(beat.incarnation);
    const node = known ?? newNode(beat, this.graves.close(beat.incarnation));
    renewNode(node, beat, nowMs);
    this.#nodes.set(node.incarnation, node);
    this.#beats.set(node.incarnation, nowMs);
    this.#names.set(memberOf(node), 0);
    this.#byName.set(memberOf(node), node);
    // Looked at with each page: one a minute at least.
    if (known && !beat.leases.page) return node;
    const beating = { count: this.#names.size, has: (other: string) => this.#nodes.has(other) };
    node.intervalMs = this.#interval.of(node.incarnation, beating, nowMs);
    return node;
  }

  remove(node: KnownNode): void {
    this.#nodes.delete(node.incarnation);
    this.#beats.delete(node.incarnation);
    this.#interval.forget(node.incarnation);
    this.telling.forget(node.incarnation);
    this.#names.delete(memberOf(node));
    this.#byName.delete(memberOf(node));
    this.pools.remove(node);
    this.#keepLastBeat(node);
  }

  /** @returns null where it is not known, or not any more. */
  lastBeatOf(incarnation: string | undefined, nowMs: number): number | null {
    if (incarnation === undefined) return null;
    const node = this.#nodes.get(incarnation);
    if (node) return node.lastBeatMs;
    const beatMs = this.#buriedBeats.get(incarnation);
    return beatMs !== undefined && nowMs - beatMs <= this.#policy.lastBeatKeptMs ? beatMs : null;
  }

  #keepLastBeat({ incarnation, lastBeatMs }: KnownNode): void {
    this.#buriedBeats.delete(incarnation);
    this.#buriedBeats.set(incarnation, lastBeatMs);
    for (const [buried, beatMs] of this.#buriedBeats) {
      if ((this.#lastBeatMs ?? 0) - beatMs <= this.#policy.lastBeatKeptMs) return;
      this.#buriedBeats.delete(buried);
    }
  }

  momentAt(nowMs: number): Moment {
    return { nowMs, aliveFloorMs: this.#aliveFloorMs };
  }

  isAliveByTime(node: KnownNode, nowMs: number, suspect?: string): boolean {
    return isAliveByTime(node, suspect, this.#policy, this.momentAt(nowMs));
  }

  lives(incarnation: string, nowMs: number): boolean {
    const node = this.#nodes.get(incarnation);
    return node !== undefined && this.isAliveByTime(node, nowMs);
  }

  /** Heard of lately, and not cut from the bus while others have it. */
  isAlive(incarnation: string, nowMs: number, suspect?: string): boolean {
    const node = this.#nodes.get(incarnation);
    return node !== undefined && this.isAliveByTime(node, nowMs, suspect) && !this.bus.isCut(node, nowMs);
  }

  /** Longest silent first. */
  *byLastBeat(): Generator<KnownNode> {
    for (const { member } of this.#beats.from()) {
      const node = this.#nodes.get(member);
      if (node) yield node;
    }
  }

  /** In order of node id, then incarnation. @param after A `nodeId incarnation` to begin after. */
  *byName(after = ""): Generator<KnownNode> {
    for (const { member } of this.#names.from(0, after)) {
      const node = this.#byName.get(member);
      if (node && member !== after) yield node;
    }
  }

  runsOf(nodeId: string): KnownNode[] {
    const runs: KnownNode[] = [];
    for (const node of this.byName(`${nodeId} `)) {
      if (node.nodeId !== nodeId) break;
      runs.push(node);
    }
    return runs;
  }
}
