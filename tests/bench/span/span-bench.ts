import { availableParallelism } from "node:os";
import { median, rounded } from "../quantiles.ts";
import { readCounts } from "../read-counts.ts";
import { type Crowd, gatherCrowd } from "./crowd.ts";
import { fill } from "./fill.ts";
import { countKeyFrames } from "./key-frames.ts";
import { measureSplit, type SplitCost } from "./split.ts";
import { type Loss, type Measured, shareLost } from "./with-stage.ts";

const DEFAULTS = { pairs: 4, seconds: 4, fullPercent: 20, homePercent: 12, perSecond: 5, crowd: 300 };

/** On each of two cores, or twice as many on one. */
const VIEWERS = availableParallelism() >= 4 ? [25, 50, 100] : [25, 50];
const ASKING_FOR_KEY_FRAMES = 40;

/** The same on one core and on two. */
type Pair<T> = { one: T; two: T };
type Measure<T> = (cores: 1 | 2) => Promise<Measured<T>>;

/** A room on two cores beside the same room on one. */
export async function runSpanBench(args: string[]): Promise<Record<string, unknown>> {
  const { pairs, seconds, fullPercent, homePercent, perSecond, crowd } = readCounts(args, DEFAULTS);
  const losses: Loss[] = [];
  const limits = { fullLoad: fullPercent / 100, homeLoad: homePercent / 100, perSecond };
  const splits = new Map<number, Pair<SplitCost>[]>();
  for (const viewers of VIEWERS) {
    const measure: Measure<SplitCost> = (cores) => measureSplit({ viewers: 2 * viewers, cores, seconds });
    splits.set(viewers, await measurePairs(pairs, measure, losses));
  }
  const keyFrames = await measurePairs(
    pairs,
    (cores) => countKeyFrames({ viewers: ASKING_FOR_KEY_FRAMES, cores }),
    losses,
  );
  const capacities = await measurePairs(pairs, (cores) => fill({ cores, ...limits }), losses);
  const gathered = crowd > 0 ? await gatherCrowd(crowd) : null;
  console.table([...splits].flatMap(([viewers, some]) => rowsOf(viewers, some)));
  console.table({ "key frames asked for": sumUp(keyFrames), "viewers until refused": sumUp(capacities) });
  if (gathered) console.log(describeCrowd(crowd, gathered));
  const twos = [...splits.values()].flat().map(({ two }) => two);
  return {
    cpuRatio: Object.fromEntries([...splits].map(([viewers, some]) => [viewers, cpuRatioOf(some)])),
    addedLatencyP50Ms: rounded(median(twos.map(({ homeP50Ms, guestP50Ms }) => guestP50Ms - homeP50Ms))),
    keyFrameRatio: sumUp(keyFrames).ratio,
    capacityRatio: sumUp(capacities).ratio,
    publisherLoss: rounded(shareLost(losses)),
    ...(gathered ? { crowd: gathered } : {}),
  };
}

/** Both take turns in going first: what else the machine does meets both. */
async function measurePairs<T>(pairs: number, measure: Measure<T>, losses: Loss[]): Promise<Pair<T>[]> {
  const take = async (cores: 1 | 2) => {
    const { value, loss } = await measure(cores);
    losses.push(loss);
    return value;
  };
  const measured: Pair<T>[] = [];
  for (let round = 0; round < pairs; round += 1) {
    const first = await take(round % 2 === 0 ? 1 : 2);
    const second = await take(round % 2 === 0 ? 2 : 1);
    measured.push(round % 2 === 0 ? { one: first, two: second } : { one: second, two: first });
  }
  return measured;
}

function cpuRatioOf(pairs: readonly Pair<SplitCost>[]): number {
  return rounded(median(pairs.map(({ one, two }) => two.cpuShare / one.cpuShare)));
}

/** Medians. */
function sumUp(pairs: readonly Pair<number>[]): Pair<number> & { ratio: number } {
  return {
    one: median(pairs.map(({ one }) => one)),
    two: median(pairs.map(({ two }) => two)),
    ratio: rounded(median(pairs.map(({ one, two }) => two / one))),
  };
}

function rowsOf(viewers: number, pairs: readonly Pair<SplitCost>[]): Record<string, unknown>[] {
  return pairs.map(({ one, two }) => ({
    viewersPerCore: viewers,
    oneCoreCpu: rounded(one.cpuShare),
    twoCoresCpu: rounded(two.cpuShare),
    ratio: rounded(two.cpuShare / one.cpuShare),
    homeP50Ms: rounded(two.homeP50Ms),
    guestP50Ms: rounded(two.guestP50Ms),
  }));
}

function describeCrowd(viewers: number, crowd: Crowd): string {
  const { refusedAtOnce, refusedLater, seated, peakLoads, publisherLoss } = crowd;
  return (
    `${viewers} viewers within a second: ${refusedAtOnce} refused, ${refusedLater} of those who came later to both meetings; ` +
    `on the cores ${seated.join(" and ")}, whose loads went up to ${peakLoads.join(" and ")}; publishers lost ${publisherLoss}`
  );
}
