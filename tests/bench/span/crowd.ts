import { setTimeout as pause } from "node:timers/promises";
import { rounded } from "../quantiles.ts";
import type { Meeting } from "./bench-node.ts";
import { tryJoin } from "./fill.ts";
import { lossOf, type Stage, shareLost, withStage } from "./with-stage.ts";

export type Crowd = {
  /** Of those that came within the second, and of those that came to both meetings afterwards. */
  refusedAtOnce: number;
  refusedLater: number;
  /** Viewers, and the highest load that the node measured, by core. */
  seated: number[];
  peakLoads: number[];
  /** Of the two cameras' packets, 0..1. */
  publisherLoss: number;
};

const TURN_MS = 50;
const TURNS = 20;
/** So many watch each meeting before, and so many come to each afterwards. */
const FEW = 10;
/** The load of those that are there is measured, smoothed as the node does. */
const SETTLE_MS = 4_000;

/** Two meetings, at home on a core each, and so many viewers who come to the first of them within one second. */
export function gatherCrowd(viewers: number): Promise<Crowd> {
  return withStage({ cores: 2 }, async (stage) => {
    const { node, traffic, meeting } = stage;
    const other = await node.meet(1);
    await traffic.ask("publish", { port: other.port, keyFrames: "each_second" });
    const comeToBoth = async () => (await come(stage, meeting, FEW)) + (await come(stage, other, FEW));
    await comeToBoth();
    await pause(SETTLE_MS);
    const watch = watchLoads(stage);
    let refusedAtOnce = 0;
    await Promise.all(
      Array.from({ length: TURNS }, async (_, turn) => {
        await pause(turn * TURN_MS);
        const until = (turns: number) => Math.floor((viewers * turns) / TURNS);
        refusedAtOnce += await come(stage, meeting, until(turn + 1) - until(turn));
      }),
    );
    await pause(SETTLE_MS);
    const refusedLater = await comeToBoth();
    await pause(SETTLE_MS);
    const publisherLoss = rounded(shareLost(await Promise.all([meeting, other].map(lossOf))));
    return { refusedAtOnce, refusedLater, seated: node.seated, peakLoads: watch.stop(), publisherLoss };
  });
}

/** @returns How many were refused. */
async function come({ node, sinkPort }: Stage, meeting: Meeting, count: number): Promise<number> {
  const joins = Array.from({ length: count }, () => tryJoin(() => node.join(meeting, sinkPort)));
  return (await Promise.all(joins)).filter((isIn) => !isIn).length;
}

function watchLoads({ node }: Stage): { stop(): number[] } {
  const peaks = node.loads;
  const look = () => {
    for (const [core, load] of node.loads.entries()) peaks[core] = Math.max(peaks[core] ?? 0, load);
  };
  const timer = setInterval(look, TURN_MS);
  return {
    stop: () => {
      clearInterval(timer);
      return peaks.map(rounded);
    },
  };
}
