import { readFile } from "node:fs/promises";

/**
 * Bytes that this host's interfaces (but loopback) received and sent since boot, the larger of the two.
 * @param text Linux's `/proc/net/dev`.
 */
export function parseNetDev(text: string): number {
  const rows = text
    .split("\n")
    .map((line) => line.match(/^\s*([^:\s]+):\s*(.*)$/))
    .flatMap((match) =>
      match?.[1] && match[2] && match[1] !== "lo" ? [match[2].trim().split(/\s+/).map(Number)] : [],
    );
  const sum = (column: number) => rows.reduce((total, row) => total + (row[column] ?? 0), 0);
  return Math.max(sum(0), sum(8));
}

/** The share of the network capacity in use, 0..1. Linux only: elsewhere it stays 0, and the CPU share alone counts. */
export class NetworkMeter {
  readonly #capacityBps: number;
  readonly #read: () => Promise<string>;
  #last: { bytes: number; atMs: number } | null = null;
  load = 0;

  constructor(capacityBps: number, read: () => Promise<string> = () => readFile("/proc/net/dev", "utf8")) {
    this.#capacityBps = capacityBps;
    this.#read = read;
  }

  async sample(atMs: number): Promise<void> {
    const text = await this.#read().catch(() => null);
    if (text === null) return;
    const bytes = parseNetDev(text);
    if (this.#last && atMs > this.#last.atMs) {
      const bps = ((bytes - this.#last.bytes) * 8_000) / (atMs - this.#last.atMs);
      this.load = Math.min(1, Math.max(0, bps / this.#capacityBps));
    }
    this.#last = { bytes, atMs };
  }
}
