import { FairleadError } from "@fairlead/protocol";
import type { Room } from "../room/room.ts";
import type { Core } from "../worker/core.ts";
import { PeerCost } from "./peer-cost.ts";
import { CORE_SATURATED } from "./rooms.ts";

/** Below this share of its core a room's home worker takes the peer itself. */
export const DEFAULT_HOME_LOAD = 0.6;
/** Of a core, measured and admitted lately: above it no viewer is seated there. */
const VIEWER_LOAD = 0.8;
const RETRY_MS = 5_000;
/** A viewer costs as much as it ever will from its first second on, and a core is measured twice a second: by then its load shows. */
const VIEWER_SETTLES_MS = 1_500;
/** After this time the measured load contains a peer's. */
const SETTLES_MS = 10_000;

/** @param usable Numbers of the cores that take peers; one at least. @returns One of them. */
export type ChooseCore = (home: number, usable: readonly number[]) => number;

export type SeatingOptions = {
  cores: readonly Core[];
  /** 0..1. */
  homeLoad: number;
  now: () => number;
  /** Default: by load. */
  chooseCore?: ChooseCore | undefined;
};

/** A place on a core, counted until the measured load contains the peer. */
export type OpenSeat = { core: number; atMs: number };

/**
 * Chooses the core that a peer's media sits on, by what each worker uses of one core. Neither a quota of the whole node nor a busy host
 * decides here: with the same quota spent, another core would have no more to give.
 */
export class Seating {
  readonly #options: SeatingOptions;
  readonly #cost = new PeerCost();
  /** Oldest first. */
  readonly #open = new Set<OpenSeat>();

  constructor(options: SeatingOptions) {
    this.#options = options;
  }

  /** No core takes a peer more. */
  get isFull(): boolean {
    return this.#options.cores.every((core) => core.isFull);
  }

  /**
   * A place for a viewer, on the least-loaded core that is below the limit of viewers: more of them would cost all that watch there.
   * @throws {FairleadError} `no_capacity`.
   */
  takeForViewer(): OpenSeat {
    this.#prune();
    const loads = this.#loads(this.#usable(), VIEWER_SETTLES_MS).filter(({ load }) => load < VIEWER_LOAD);
    const [least] = loads.sort((a, b) => a.load - b.load);
    if (!least)
      throw new FairleadError("no_capacity", {
        message: "no core takes a viewer more",
        retryAfterMs: RETRY_MS,
      });
    return this.#takeOn(least.core);
  }

  /**
   * The home while its share is below the limit, else the least-loaded core; the home again where none has less. Peers that were
   * admitted lately count, or a burst would sit on one core before its load shows.
   * @throws {FairleadError} `core_full`.
   */
  take({ span }: Room): OpenSeat {
    const core = this.#choose(span.home.core, this.#usable());
    if (core === undefined) throw new FairleadError("core_full", CORE_SATURATED);
    return this.#takeOn(core);
  }

  /** The peer was not admitted, or has left. */
  giveBack(seat: OpenSeat): void {
    this.#open.delete(seat);
  }

  /** @param peersByCore Of all rooms. Called every second or so. */
  learn(peersByCore: ReadonlyMap<number, number>): void {
    this.#prune();
    for (const core of this.#options.cores) {
      const settled = (peersByCore.get(core.index) ?? 0) - this.#openOn(core.index);
      this.#cost.sample(core.cpuShare, settled);
    }
  }

  #takeOn(core: number): OpenSeat {
    const seat = { core, atMs: this.#options.now() };
    this.#open.add(seat);
    return seat;
  }

  #usable(): Core[] {
    return this.#options.cores.filter((core) => core.running && !core.isFull);
  }

  /** With those that were admitted within that time. */
  #loads(cores: readonly Core[], withinMs = SETTLES_MS): { core: number; load: number }[] {
    return cores.map(({ index, cpuShare }) => ({
      core: index,
      load: cpuShare + this.#cost.load * this.#openOn(index, withinMs),
    }));
  }

  #choose(home: number, usable: readonly Core[]): number | undefined {
    const { chooseCore, homeLoad } = this.#options;
    if (usable.length === 0) return undefined;
    if (chooseCore)
      return chooseCore(
        home,
        usable.map(({ index }) => index),
      );
    this.#prune();
    const loads = this.#loads(usable);
    const atHome = loads.find(({ core }) => core === home);
    if (atHome && atHome.load < homeLoad) return home;
    const least = Math.min(...loads.map(({ load }) => load));
    return atHome?.load === least ? home : loads.find(({ load }) => load === least)?.core;
  }

  #openOn(index: number, withinMs = SETTLES_MS): number {
    const sinceMs = this.#options.now() - withinMs;
    let count = 0;
    for (const { core, atMs } of this.#open) if (core === index && atMs > sinceMs) count += 1;
    return count;
  }

  #prune(): void {
    const nowMs = this.#options.now();
    for (const seat of this.#open) {
      if (nowMs - seat.atMs < SETTLES_MS) break;
      this.#open.delete(seat);
    }
  }
}
