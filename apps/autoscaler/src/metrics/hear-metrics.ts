import { type Bus, decodeText } from "@fairlead/bus";
import { FairleadError, MetricsDelta, parseJson, subjects } from "@fairlead/protocol";
import { type Logger, MetricsStore } from "@fairlead/telemetry";
import { exposeMetrics, isCountedBy } from "@fairlead/telemetry/prometheus";

export type HeardMetrics = {
  /** Answers Prometheus, with signaling's names; with nothing where it is not shown. */
  expose: () => Promise<Response>;
  stop(): void;
};

/** What can't be read is told once in this time. */
const TELL_EVERY_MS = 60_000;

/** Adds up what signaling on Workers and Lambda counts, which nobody can scrape. Nothing is scaled by it: whoever speaks for signaling may make it up. */
export function hearMetrics(bus: Bus, log: Logger, isShown = () => true): HeardMetrics {
  const store = new MetricsStore();
  const isKnown = isCountedBy("signaling");
  let toldMs = Number.NEGATIVE_INFINITY;
  const subscription = bus.subscribe(subjects.metrics, ({ data }) => {
    try {
      store.add(parseJson(MetricsDelta, decodeText(data)), isKnown);
    } catch (error) {
      if (!(error instanceof FairleadError)) throw error;
      if (performance.now() - toldMs > TELL_EVERY_MS) log.warn("metrics.invalid", { error });
      toldMs = performance.now();
    }
  });
  const expose = exposeMetrics(store, "signaling");
  return {
    expose: async () =>
      isShown() ? expose() : new Response("", { headers: { "content-type": "text/plain" } }),
    stop: () => subscription.unsubscribe(),
  };
}
