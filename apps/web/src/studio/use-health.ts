import { useEffect, useState } from "react";
import { type Counters, countersOf, type Health, healthBetween } from "./health.ts";

const EVERY_MS = 2_000;

/** @param getStats Its identity names the source: another one begins anew. undefined: nothing flows. */
export function useHealth(
  getStats: (() => Promise<RTCStatsReport>) | undefined,
  direction: "sent" | "received",
): Health | undefined {
  const [health, setHealth] = useState<Health>();
  useEffect(() => {
    setHealth(undefined);
    if (!getStats) return;
    let before: Counters | undefined;
    let isCurrent = true;
    const measure = async () => {
      const report = await getStats().catch(() => undefined);
      if (!report || !isCurrent) return;
      const after = countersOf(report, direction, performance.now());
      setHealth(before && healthBetween(before, after));
      before = after;
    };
    void measure();
    const timer = setInterval(measure, EVERY_MS);
    return () => {
      isCurrent = false;
      clearInterval(timer);
    };
  }, [getStats, direction]);
  return health;
}
