import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type Metrics, MetricsStore, noMetrics } from "@fairlead/telemetry";
import type { ProcessKind } from "@fairlead/telemetry/prometheus";

export type OpenMetrics = {
  metrics: Metrics;
  /** Answers Prometheus; null: nobody asks. */
  expose: (() => Promise<Response>) | null;
  close(): void;
};

const LOOP_TICK_MS = 500;

/** The metrics of a process. Where nobody can ask for them, none are kept. */
export async function openMetrics(kind: ProcessKind, isScraped: boolean): Promise<OpenMetrics> {
  if (!isScraped) return { metrics: noMetrics, expose: null, close: () => {} };
  const { exposeMetrics } = await import("@fairlead/telemetry/prometheus");
  const store = new MetricsStore();
  const stop = measureLoop(store);
  return { metrics: store, expose: exposeMetrics(store, kind), close: stop };
}

/** @returns Stops it. */
function measureLoop(metrics: Metrics): () => void {
  let dueMs = performance.now() + LOOP_TICK_MS;
  const timer = setInterval(() => {
    const nowMs = performance.now();
    metrics.observe("event_loop.delay", Math.max(0, nowMs - dueMs));
    dueMs = nowMs + LOOP_TICK_MS;
  }, LOOP_TICK_MS);
  return () => clearInterval(timer);
}

export type MetricsServer = { url: string; close(): Promise<void> };

/** Answers `/metrics`, and nothing else. @throws {Error} It can't listen. */
export async function serveMetrics(
  { host, port }: { host: string; port: number },
  expose: () => Promise<Response>,
): Promise<MetricsServer> {
  const server = createServer(async ({ url }, response) => {
    if (url !== "/metrics") return void response.writeHead(404).end();
    await answerWith(response, expose);
  });
  server.listen(port, host);
  await once(server, "listening");
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${actual}/metrics`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** On a server of `node:http`. A scrape that fails is no reason to end the process. */
export async function answerWith(response: ServerResponse, expose: () => Promise<Response>): Promise<void> {
  try {
    const answer = await expose();
    response.writeHead(200, Object.fromEntries(answer.headers)).end(await answer.text());
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}
