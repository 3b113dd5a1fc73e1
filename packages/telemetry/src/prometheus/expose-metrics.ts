import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { CounterName, DurationName, GaugeName, GaugeReading, ReadGauge } from "../metrics.ts";
import { boundsOf, type MetricsStore, type StoredDuration } from "../metrics-store.ts";
import { COUNTERS, DURATIONS, type Exposed, GAUGES, type ProcessKind } from "./exposed.ts";

/** A gauge that takes longer is left out: nothing else of the scrape waits for it. */
const READ_MS = 250;
/** More rows of a gauge are not told. */
const MOST_GROUPS = 100;
const MOST_CORES = 200;

/**
 * What Prometheus reads of a process of that kind.
 * @returns Reads the gauges, and answers with everything in Prometheus's text format.
 */
export function exposeMetrics(store: MetricsStore, kind: ProcessKind): () => Promise<Response> {
  const registry = new Registry();
  const isOurs = ({ of }: Exposed) => of.includes(kind);
  for (const [name, exposed] of entriesOf<CounterName>(COUNTERS))
    if (isOurs(exposed)) exposeCounter(store, name, exposed, registry);
  for (const [name, exposed] of entriesOf<DurationName>(DURATIONS))
    if (isOurs(exposed)) registry.registerMetric(new StoredHistogram(store, name, exposed));
  for (const [name, exposed] of entriesOf<GaugeName>(GAUGES))
    if (isOurs(exposed)) exposeGauge(store, name, exposed, registry);
  return async () =>
    new Response(await registry.metrics(), { headers: { "Content-Type": registry.contentType } });
}

/** @returns Whether a process of that kind counts or measures something of that name. */
export function isCountedBy(kind: ProcessKind): (name: string) => boolean {
  const names = [...Object.entries(COUNTERS), ...Object.entries(DURATIONS)]
    .filter(([, { of }]) => of.includes(kind))
    .map(([name]) => name);
  return (name) => names.includes(name);
}

function exposeCounter(store: MetricsStore, name: CounterName, exposed: Exposed, registry: Registry): void {
  new Counter({
    ...configOf(exposed, registry),
    collect() {
      this.reset();
      for (const cause of exposed.known ?? []) this.inc(labelsOf(exposed, cause), 0);
      for (const [cause, amount] of rowsOf(store.counts, name)) this.inc(labelsOf(exposed, cause), amount);
    },
  });
}

function exposeGauge(store: MetricsStore, name: GaugeName, exposed: Exposed, registry: Registry): void {
  const readRows = async () => rowsOfReading(await readInTime(store.gauges.get(name)), exposed);
  if (exposed.isTotal) {
    new Counter({
      ...configOf(exposed, registry),
      async collect() {
        const rows = await readRows();
        this.reset();
        for (const [cause, value] of rows) this.inc(labelsOf(exposed, cause), value);
      },
    });
    return;
  }
  new Gauge({
    ...configOf(exposed, registry),
    async collect() {
      const rows = await readRows();
      this.reset();
      // What is not known is no 0.
      if (rows.length === 0 && exposed.label === undefined) this.remove();
      for (const [cause, value] of rows) this.set(labelsOf(exposed, cause), value);
    },
  });
}

/** prom-client knows what it observed itself: this one tells what the store did. */
class StoredHistogram extends Histogram {
  readonly #store: MetricsStore;
  readonly #name: DurationName;
  readonly #exposed: Exposed;

  constructor(store: MetricsStore, name: DurationName, exposed: Exposed) {
    super({
      ...{ name: exposed.name, help: exposed.help, labelNames: exposed.label ? [exposed.label] : [] },
      ...{ buckets: boundsOf(name).map((ms) => ms / 1_000), registers: [] },
    });
    this.#store = store;
    this.#name = name;
    this.#exposed = exposed;
  }

  /** `Registry.metrics` asks this. */
  async getForPromString() {
    const rows = rowsOf(this.#store.durations, this.#name);
    return {
      ...{ name: this.#exposed.name, help: this.#exposed.help, type: "histogram" },
      values: rows.flatMap(([cause, duration]) => this.#valuesOf(cause, duration)),
    };
  }

  #valuesOf(cause: string | undefined, { buckets, sumMs }: StoredDuration) {
    const { name } = this.#exposed;
    const labels = labelsOf(this.#exposed, cause);
    const bounds = [...boundsOf(this.#name).map((ms) => ms / 1_000), "+Inf"];
    let count = 0;
    const counts = bounds.map((le, index) => {
      count += buckets[index] ?? 0;
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
    });
    return [
      ...counts,
      { metricName: `${name}_sum`, labels, value: sumMs / 1_000 },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}

function configOf({ name, help, label }: Exposed, registry: Registry) {
  return { name, help, labelNames: label === undefined ? [] : [label], registers: [registry] };
}

function labelsOf({ label }: Exposed, cause: string | undefined): Record<string, string> {
  return label === undefined || cause === undefined ? {} : { [label]: cause };
}

/** @returns Of one name, by cause. */
function rowsOf<T>(stored: ReadonlyMap<string, T>, name: string): [cause: string | undefined, value: T][] {
  return [...stored].flatMap(([key, value]): [string | undefined, T][] => {
    if (key === name) return [[undefined, value]];
    return key.startsWith(`${name} `) ? [[key.slice(name.length + 1), value]] : [];
  });
}

function rowsOfReading(
  reading: GaugeReading | null,
  { label }: Exposed,
): [cause: string | undefined, value: number][] {
  if (reading === null) return [];
  if (typeof reading === "number") return [[undefined, reading]];
  return [...reading].slice(0, label === "group" ? MOST_GROUPS : MOST_CORES);
}

/** @returns null for what is not known, or not in time. */
async function readInTime(read: ReadGauge | undefined): Promise<GaugeReading | null> {
  if (!read) return null;
  const { promise: late, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), READ_MS);
  try {
    return await Promise.race([read(), late]);
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}

function entriesOf<K extends string>(table: Record<K, Exposed>): [K, Exposed][] {
  return Object.entries(table) as [K, Exposed][];
}
