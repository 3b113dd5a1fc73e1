import type { LoadDistribution } from "../measure-loads.ts";
import type { StrategyResult } from "../simulate-strategy.ts";
import type { Course } from "../workload/course.ts";
import { type Domain, FRAME, scaleX, scaleY } from "./axes.ts";
import { drawBand, drawLine, drawPlot, type Point } from "./draw-plot.ts";
import { STRATEGY_STYLE } from "./strategy-style.ts";

/** Loads are drawn up to here: what lies far beyond would flatten all else. */
const HIGHEST_LOAD = 1.4;
const MINUTE_MS = 60_000;

type Measure = Exclude<keyof LoadDistribution, "atS">;

/** One line a strategy, over time. */
export function plotOverTime(
  title: string,
  key: Measure,
  course: Course,
  results: readonly StrategyResult[],
): string {
  const highest = Math.max(...results.flatMap(({ series }) => series.map((loads) => loads[key])));
  const isShare = key === "above80" || key === "overCapacity";
  const y = { from: 0, to: isShare ? Math.max(0.02, Math.min(1, highest * 1.05)) : HIGHEST_LOAD };
  const x = timeOf(course);
  // Ours last, above the others.
  const marks = results.toReversed().map(({ strategy, series }) => {
    const points = series.map((loads) => ({ x: loads.atS / 60, y: loads[key] }));
    return drawLine(points, { x, y }, `line ${strategy}`);
  });
  const note = isShare ? undefined : beyond(results, key);
  const limit = isShare ? "" : drawLimit(y);
  const behind = drawCourse(course, x) + limit;
  return drawPlot({
    title,
    note,
    x,
    y,
    behind,
    marks: marks.join(""),
    xLabel: minutes,
    yLabel: isShare ? percent : load,
  });
}

/** How the cores of one strategy spread: half of them below the line, then up to the 95th, the 99th of a hundred, and the fullest. */
export function plotSpread(course: Course, { strategy, series }: StrategyResult): string {
  const [x, y] = [timeOf(course), { from: 0, to: HIGHEST_LOAD }];
  const line = (key: Measure): Point[] => series.map((loads) => ({ x: loads.atS / 60, y: loads[key] }));
  const marks = [
    drawBand(line("p99"), line("p95"), { x, y }, `outer ${strategy}`),
    drawBand(line("p95"), line("p50"), { x, y }, `inner ${strategy}`),
    drawLine(line("p50"), { x, y }, `line ${strategy}`),
    drawLine(line("max"), { x, y }, `thin ${strategy}`),
  ];
  const title = STRATEGY_STYLE[strategy].label;
  const behind = drawCourse(course, x) + drawLimit(y);
  return drawPlot({ title, x, y, behind, marks: marks.join(""), xLabel: minutes, yLabel: load });
}

function beyond(results: readonly StrategyResult[], key: Measure): string | undefined {
  const notes = results.flatMap(({ strategy, series }) => {
    const highest = Math.max(...series.map((loads) => loads[key]));
    return highest > HIGHEST_LOAD ? [`${STRATEGY_STYLE[strategy].label} up to ${highest.toFixed(1)}`] : [];
  });
  return notes.length > 0 ? `Off the scale: ${notes.join("; ")}` : undefined;
}

function timeOf({ durationMs }: Course): Domain {
  return { from: 0, to: durationMs / MINUTE_MS };
}

/** Bursts as bands, deaths as lines. */
function drawCourse({ bursts, deaths }: Course, x: Domain): string {
  const toX = scaleX(x);
  const bands = bursts.map(({ fromMs, toMs }) => {
    const [from, to] = [toX(fromMs / MINUTE_MS), toX(toMs / MINUTE_MS)];
    return `<rect class="burst" x="${from}" width="${to - from}" y="0" height="${FRAME.height}"/>`;
  });
  const lines = deaths.map(({ atMs }) => {
    const at = toX(atMs / MINUTE_MS);
    return `<line class="death" x1="${at}" x2="${at}" y1="0" y2="${FRAME.height}"/>`;
  });
  return [...bands, ...lines].join("");
}

/** A whole core. */
function drawLimit(y: Domain): string {
  const at = scaleY(y)(1);
  return `<line class="limit" x1="0" x2="${FRAME.width}" y1="${at}" y2="${at}"/>`;
}

function minutes(value: number): string {
  return `${Math.floor(value)}:${String(Math.round((value % 1) * 60)).padStart(2, "0")}`;
}

function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}

function load(value: number): string {
  return value.toFixed(1);
}
