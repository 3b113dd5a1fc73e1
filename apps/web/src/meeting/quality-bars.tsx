import type { ConnectionQuality } from "@fairlead/client";

const BARS: Record<ConnectionQuality, number> = { unknown: 0, excellent: 3, good: 2, poor: 1, lost: 0 };

export function QualityBars({ quality }: { quality: ConnectionQuality }) {
  return (
    <span
      className={`quality quality--${quality}`}
      role="img"
      aria-label={`Connection: ${quality}`}
      title={`Connection: ${quality}`}
    >
      {[1, 2, 3].map((bar) => (
        <span key={bar} className={bar <= BARS[quality] ? "quality__bar is-on" : "quality__bar"} />
      ))}
    </span>
  );
}
