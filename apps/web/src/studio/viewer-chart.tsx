import { useEffect, useRef, useState } from "react";
import { curveOf, peakOf, type ViewerSample, withSample } from "./viewer-history.ts";

const EVERY_MS = 5_000;
const BOX = { width: 300, height: 72 };

/** How many have watched since this page was opened. */
export function ViewerChart({ viewers }: { viewers: number | null }) {
  const history = useHistory(viewers);
  const peak = peakOf(history);
  const now = viewers ?? 0;
  return (
    <section className="card" aria-labelledby="viewers">
      <h2 id="viewers">Viewers</h2>
      <p className="viewer-chart__numbers">
        <strong>{now}</strong> now, {peak} at most since this page was opened
      </p>
      <svg
        className="viewer-chart"
        viewBox={`0 -2 ${BOX.width} ${BOX.height + 4}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Viewers over time: ${now} now, ${peak} at most`}
      >
        <line x1="0" y1={BOX.height} x2={BOX.width} y2={BOX.height} />
        <polyline points={curveOf(history, BOX)} />
      </svg>
    </section>
  );
}

function useHistory(viewers: number | null): readonly ViewerSample[] {
  const [history, setHistory] = useState<readonly ViewerSample[]>([]);
  const latest = useRef(viewers);
  latest.current = viewers;
  const isKnown = viewers !== null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new count is a sample of its own
  useEffect(() => {
    if (!isKnown) return;
    const add = () =>
      setHistory((before) => withSample(before, { atMs: performance.now(), viewers: latest.current ?? 0 }));
    add();
    const timer = setInterval(add, EVERY_MS);
    return () => clearInterval(timer);
  }, [isKnown, viewers]);
  return history;
}
