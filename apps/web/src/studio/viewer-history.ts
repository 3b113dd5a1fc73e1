export type ViewerSample = { atMs: number; viewers: number };

/** As long as half an hour of samples. */
const KEPT = 360;

/** @returns `history` with one more sample; the oldest ones go. */
export function withSample(history: readonly ViewerSample[], sample: ViewerSample): ViewerSample[] {
  return [...history, sample].slice(-KEPT);
}

/**
 * The curve of a history: a count holds until the next one.
 * @returns Points of an SVG polyline, from the upper left corner; empty for no history.
 */
export function curveOf(history: readonly ViewerSample[], box: { width: number; height: number }): string {
  const [first] = history;
  const last = history.at(-1);
  if (!first || !last) return "";
  const spanMs = Math.max(1, last.atMs - first.atMs);
  const top = Math.max(1, peakOf(history));
  const x = (atMs: number) => Math.round(((atMs - first.atMs) / spanMs) * box.width);
  const y = (viewers: number) => Math.round((1 - viewers / top) * box.height);
  const points = history.flatMap(({ atMs, viewers }, index) => {
    const before = history[index - 1];
    const at = `${x(atMs)},${y(viewers)}`;
    return before && before.viewers !== viewers ? [`${x(atMs)},${y(before.viewers)}`, at] : [at];
  });
  return [...points, `${box.width},${y(last.viewers)}`].join(" ");
}

export function peakOf(history: readonly ViewerSample[]): number {
  return Math.max(0, ...history.map(({ viewers }) => viewers));
}
