/** A plot's place on its drawing, px. */
export const FRAME = { width: 560, height: 250, left: 46, right: 24, top: 14, bottom: 30 };

export type Domain = { from: number; to: number };

/** @returns The px of a value; values beyond the domain are drawn beyond the frame, and cut off there. */
export function scaleX({ from, to }: Domain): (value: number) => number {
  const span = FRAME.width - FRAME.left - FRAME.right;
  return (value) => round(FRAME.left + ((value - from) / (to - from)) * span);
}

export function scaleY({ from, to }: Domain): (value: number) => number {
  const span = FRAME.height - FRAME.top - FRAME.bottom;
  return (value) => round(FRAME.height - FRAME.bottom - ((value - from) / (to - from)) * span);
}

export type AxisText = {
  x: Domain;
  y: Domain;
  xLabel: (value: number) => string;
  yLabel: (value: number) => string;
};

/** Grid lines with what they stand for. */
export function drawAxes({ x, y, xLabel, yLabel }: AxisText): string {
  const [toX, toY] = [scaleX(x), scaleY(y)];
  const rows = ticksOf(y, 8).map(
    (value) =>
      `<line class="grid" x1="${FRAME.left}" x2="${FRAME.width - FRAME.right}" y1="${toY(value)}" y2="${toY(value)}"/>` +
      `<text class="tick" x="${FRAME.left - 7}" y="${toY(value) + 4}" text-anchor="end">${yLabel(value)}</text>`,
  );
  const columns = ticksOf(x, 7).map(
    (value) =>
      `<text class="tick" x="${toX(value)}" y="${FRAME.height - 9}" text-anchor="middle">${xLabel(value)}</text>`,
  );
  return [...rows, ...columns].join("");
}

/** Round numbers within the domain, about `count` of them. */
export function ticksOf({ from, to }: Domain, count: number): number[] {
  const rough = (to - from) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toFixed(6)));
}

export function round(px: number): number {
  return Math.round(px * 10) / 10;
}
