import { readFileSync } from "node:fs";
import type { Logger } from "@fairlead/telemetry";

/** Bytes since an interface came up. */
export type Counters = { received: number; sent: number };

/** Addresses and links change rarely, and finding out costs more than reading counters. */
const CHOOSE_EVERY_MS = 10_000;

export type NetworkMeterOptions = {
  /** What the host carries, bits/s, each way. */
  capacityBps: number;
  /** Names of those whose bytes count. */
  interfaces: () => readonly string[];
  log: Logger;
  /** @returns The text of Linux's `/proc/net/dev`: a file in memory. */
  read?: () => string;
};

/** The share of the network capacity in use, 0..1. Linux only: elsewhere it stays 0, and the CPU share alone counts. */
export class NetworkMeter {
  readonly #options: NetworkMeterOptions;
  #last: { counters: Map<string, Counters>; atMs: number } | null = null;
  #chosen: { names: readonly string[]; atMs: number } | null = null;
  load = 0;

  constructor(options: NetworkMeterOptions) {
    this.#options = options;
  }

  sample(atMs: number): void {
    const { read = () => readFileSync("/proc/net/dev", "utf8"), capacityBps } = this.#options;
    const text = readIfThere(read);
    if (text === null) return;
    const counters = parseNetDev(text);
    const names = this.#choose(counters, atMs);
    if (this.#last && atMs > this.#last.atMs) {
      const bytes = bytesBetween(this.#last.counters, counters, names);
      this.load = Math.min(1, (bytes * 8_000) / (atMs - this.#last.atMs) / capacityBps);
    }
    this.#last = { counters, atMs };
  }

  #choose(counters: ReadonlyMap<string, Counters>, atMs: number): readonly string[] {
    const { interfaces, log } = this.#options;
    if (this.#chosen && Math.abs(atMs - this.#chosen.atMs) < CHOOSE_EVERY_MS) return this.#chosen.names;
    const asked = interfaces();
    const names = asked.filter((name) => counters.has(name));
    const missing = asked.filter((name) => !counters.has(name));
    if (names.join() !== this.#chosen?.names.join())
      log[missing.length > 0 ? "warn" : "info"]("network.counted", { interfaces: names, missing });
    this.#chosen = { names, atMs };
    return names;
  }
}

/** @returns null elsewhere than on Linux. */
function readIfThere(read: () => string): string | null {
  try {
    return read();
  } catch {
    return null;
  }
}

/** @param text An interface of much traffic leaves no space behind its colon. */
export function parseNetDev(text: string): Map<string, Counters> {
  const rows = text.split("\n").map((line) => line.match(/^\s*([^:\s]+):\s*(.*)$/));
  return new Map(
    rows.flatMap((row) => {
      if (!row?.[1] || !row[2]) return [];
      const columns = row[2].trim().split(/\s+/).map(Number);
      return [[row[1], { received: columns[0] ?? 0, sent: columns[8] ?? 0 }] as const];
    }),
  );
}

/** The larger of what was received and what was sent. Counters that began anew count as nothing, once. */
function bytesBetween(
  before: ReadonlyMap<string, Counters>,
  after: ReadonlyMap<string, Counters>,
  names: readonly string[],
): number {
  const grown = (way: keyof Counters) =>
    names.reduce((sum, name) => {
      const [from, to] = [before.get(name), after.get(name)];
      return sum + (from && to ? Math.max(0, to[way] - from[way]) : 0);
    }, 0);
  return Math.max(grown("received"), grown("sent"));
}
