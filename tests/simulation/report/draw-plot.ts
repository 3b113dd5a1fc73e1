import { type AxisText, drawAxes, FRAME, scaleX, scaleY } from "./axes.ts";

export type Plot = AxisText & {
  title: string;
  /** SVG behind the lines, and before them. */
  behind?: string;
  marks: string;
  /** Words on everything that the drawing cannot show. */
  note?: string;
};

/** A figure with an inline SVG. */
export function drawPlot({ title, behind = "", marks, note, ...axes }: Plot): string {
  const caption = note ? `${title}<small>${note}</small>` : title;
  return `<figure><figcaption>${caption}</figcaption>
<svg viewBox="0 0 ${FRAME.width} ${FRAME.height}" role="img" aria-label="${title}">
${clipped(behind)}${drawAxes(axes)}${clipped(marks)}
</svg></figure>`;
}

/** An SVG within an SVG cuts off what lies beyond it. */
function clipped(marks: string): string {
  const [width, height] = [FRAME.width - FRAME.left - FRAME.right, FRAME.height - FRAME.top - FRAME.bottom];
  const place = `x="${FRAME.left}" y="${FRAME.top}" width="${width}" height="${height}"`;
  return `<svg ${place} viewBox="${FRAME.left} ${FRAME.top} ${width} ${height}">${marks}</svg>`;
}

export type Point = { x: number; y: number };

/** A line through the points. */
export function drawLine(
  points: readonly Point[],
  { x, y }: Pick<AxisText, "x" | "y">,
  className: string,
): string {
  return `<polyline class="${className}" points="${placed(points, { x, y })}"/>`;
}

/** The area between two lines over the same x. */
export function drawBand(
  upper: readonly Point[],
  lower: readonly Point[],
  { x, y }: Pick<AxisText, "x" | "y">,
  className: string,
): string {
  return `<polygon class="${className}" points="${placed([...upper, ...lower.toReversed()], { x, y })}"/>`;
}

function placed(points: readonly Point[], { x, y }: Pick<AxisText, "x" | "y">): string {
  const [toX, toY] = [scaleX(x), scaleY(y)];
  return points.map((point) => `${toX(point.x)},${toY(point.y)}`).join(" ");
}
