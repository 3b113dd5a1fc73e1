import type { CounterName, DurationName, GaugeName, Metrics, ReadGauge } from "./metrics.ts";

/** Upper bounds, ms; what is above the last counts too. */
const QUICK_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000] as const;
const SLOW_MS = [50, 100, 250, 500, 1_000, 2_500, 5_000, 15_000, 60_000, 180_000, 600_000] as const;
const SLOW: readonly DurationName[] = ["room.move", "node.drain", "scale.start", "scale.drain"];

/** A name has so many causes; all others count as this one. */
const MOST_CAUSES = { count: 60, duration: 8 } as const;
const OTHER = "other";
/** No label that anybody reads looks otherwise. */
const CAUSE = /^[A-Za-z0-9._+-]{1,128}$/;

/** @property buckets How many there were up to each bound, and above the last one: each counts once. */
export type StoredDuration = { buckets: number[]; sumMs: number };

/** What was counted and measured since an earlier look, by name or by `name cause`. */
export type StoredChanges = {
  counts: readonly (readonly [key: string, by: number])[];
  durations: readonly (readonly [key: string, by: StoredDuration])[];
};

/** Keeps the metrics of a process. However many causes it is told, it keeps few. */
export class MetricsStore implements Metrics {
  /** By name, and by `name cause` where there is one. */
  readonly counts = new Map<string, number>();
  readonly durations = new Map<string, StoredDuration>();
  readonly gauges = new Map<GaugeName, ReadGauge>();
  readonly #causes = new Map<string, number>();

  count(name: CounterName, cause?: string, amount = 1): void {
    const key = this.#keyOf(this.counts, name, cause, MOST_CAUSES.count);
    this.counts.set(key, (this.counts.get(key) ?? 0) + amount);
  }

  observe(name: DurationName, ms: number, cause?: string): void {
    const { buckets } = this.#durationOf(name, cause, ms);
    const bucket = boundsOf(name).findIndex((bound) => ms <= bound);
    const index = bucket < 0 ? buckets.length - 1 : bucket;
    buckets[index] = (buckets[index] ?? 0) + 1;
  }

  gauge(name: GaugeName, read: ReadGauge): void {
    this.gauges.set(name, read);
  }

  /** What another process counted. @param isKnown Names that are none here are ignored: its build may be newer. */
  add({ counts, durations }: StoredChanges, isKnown: (name: string) => boolean): void {
    for (const [key, by] of counts) {
      const [name, cause] = partsOf(key);
      if (isKnown(name)) this.count(name as CounterName, cause, by);
    }
    for (const [key, { buckets, sumMs }] of durations) {
      const [name, cause] = partsOf(key);
      if (!isKnown(name)) continue;
      const known = this.#durationOf(name as DurationName, cause, sumMs);
      for (const index of known.buckets.keys())
        known.buckets[index] = (known.buckets[index] ?? 0) + (buckets[index] ?? 0);
    }
  }

  /** @returns All since the last call. Begins anew. */
  take(): StoredChanges {
    const taken = { counts: [...this.counts], durations: [...this.durations] };
    this.counts.clear();
    this.durations.clear();
    this.#causes.clear();
    return taken;
  }

  #durationOf(name: DurationName, cause: string | undefined, ms: number): StoredDuration {
    const key = this.#keyOf(this.durations, name, cause, MOST_CAUSES.duration);
    const known = this.durations.get(key) ?? {
      buckets: Array.from({ length: boundsOf(name).length + 1 }, () => 0),
      sumMs: 0,
    };
    known.sumMs += ms;
    this.durations.set(key, known);
    return known;
  }

  #keyOf(known: ReadonlyMap<string, unknown>, name: string, cause: string | undefined, most: number): string {
    if (cause === undefined) return name;
    const key = `${name} ${cause}`;
    if (known.has(key)) return key;
    const causes = this.#causes.get(name) ?? 0;
    if (causes >= most || !CAUSE.test(cause)) return `${name} ${OTHER}`;
    this.#causes.set(name, causes + 1);
    return key;
  }
}

export function boundsOf(name: DurationName): readonly number[] {
  return SLOW.includes(name) ? SLOW_MS : QUICK_MS;
}

/** @returns Name, and cause if there is one. */
export function partsOf(key: string): [name: string, cause: string | undefined] {
  const end = key.indexOf(" ");
  return end < 0 ? [key, undefined] : [key.slice(0, end), key.slice(end + 1)];
}
