import { writeFileSync } from "node:fs";
import type { ProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import type { Crowd } from "./crowd.ts";

/** At one moment; `atS` since the begin. */
export type Sample = { atS: number; demandCores: number; nodes: number; draining: number; ideal: number };

const EVERY_MS = 500;
/** A core is full at 0.9, and its group's load is to take 0.6: the registry's rule. */
const FULL = 0.9;
const TARGET = 0.6;
const RESERVED_ROOMS = 20;

/** Notes how many nodes there are beside how many there should be, until it is stopped. */
export function traceNodes(
  cluster: ProcessCluster,
  crowd: Crowd,
  { peerLoad, peersPerRoom, min }: { peerLoad: number; peersPerRoom: number; min: number },
) {
  const beganMs = performance.now();
  const samples: Sample[] = [];
  const idealAt = (demand: number) => {
    const reserve = RESERVED_ROOMS * peersPerRoom * peerLoad;
    return Math.ceil(Math.max(min, demand / TARGET, demand / FULL + 1, (demand + reserve) / FULL) - 1e-9);
  };
  const look = async () => {
    const listed = await cluster.listNodes().catch(() => []);
    const demandCores = crowd.peers * peerLoad;
    samples.push({
      atS: (performance.now() - beganMs) / 1_000,
      demandCores,
      nodes: cluster.scaledNodes?.list().length ?? 0,
      draining: listed.filter(({ state }) => state === "draining").length,
      ideal: idealAt(demandCores),
    });
  };
  const timer = setInterval(() => void look(), EVERY_MS);
  return {
    samples: samples as readonly Sample[],
    stop: () => clearInterval(timer),
  };
}

/** @returns Node seconds ÷ those of the ideal. */
export function nodeSecondsOverIdeal(samples: readonly Sample[]): number {
  const sum = (of: "nodes" | "ideal") =>
    samples.reduce((total, sample, index) => {
      const before = samples[index - 1];
      return before ? total + sample[of] * (sample.atS - before.atS) : total;
    }, 0);
  return sum("nodes") / sum("ideal");
}

const SIZE = { width: 1_000, height: 420, left: 50, bottom: 40 };

/** An SVG: nodes as they were and as they should have been, those that drained, and the load in cores. */
export function drawTrace(samples: readonly Sample[], path: string): void {
  const lastS = samples.at(-1)?.atS ?? 1;
  const highest = Math.max(...samples.map(({ nodes, ideal }) => Math.max(nodes, ideal))) + 1;
  const toX = (s: number) => SIZE.left + (s / lastS) * (SIZE.width - SIZE.left - 20);
  const toY = (value: number) =>
    SIZE.height - SIZE.bottom - (value / highest) * (SIZE.height - SIZE.bottom - 30);
  const line = (of: Exclude<keyof Sample, "atS">, color: string) => {
    const points = samples.map((sample) => `${toX(sample.atS).toFixed(1)},${toY(sample[of]).toFixed(1)}`);
    return `<polyline fill="none" stroke="${color}" stroke-width="2" points="${points.join(" ")}"/>`;
  };
  const label = (index: number, text: string, color: string) =>
    `<text x="${SIZE.left + index * 170}" y="18" fill="${color}">${text}</text>`;
  const grid = Array.from({ length: highest + 1 }, (_, value) => {
    const y = toY(value);
    return `<line x1="${SIZE.left}" x2="${SIZE.width - 20}" y1="${y}" y2="${y}" stroke="#ddd"/><text x="25" y="${y + 5}">${value}</text>`;
  });
  const seconds = Array.from({ length: Math.floor(lastS / 30) + 1 }, (_, index) => index * 30).map(
    (s) => `<text x="${toX(s)}" y="${SIZE.height - 15}">${s} s</text>`,
  );
  const parts = [
    ...grid,
    ...seconds,
    ...[line("ideal", "#999"), line("nodes", "#06c"), line("draining", "#d40"), line("demandCores", "#2a2")],
    ...[label(0, "nodes", "#06c"), label(1, "ideal", "#999"), label(2, "draining", "#d40")],
    label(3, "load, cores", "#2a2"),
  ];
  writeFileSync(
    path,
    `<svg xmlns="http://www.w3.org/2000/svg" width="${SIZE.width}" height="${SIZE.height}" font-family="sans-serif" font-size="13"><rect width="100%" height="100%" fill="white"/>${parts.join("\n")}</svg>\n`,
  );
}
