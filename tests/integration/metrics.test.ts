import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { NODE_FLAGS, natsEnv, ROOT } from "../support/clusters/launch.ts";
import { type ProcessCluster, startProcessCluster } from "../support/clusters/start-process-cluster.ts";
import { Closers } from "../support/processes/closers.ts";
import { startProcess } from "../support/processes/start-process.ts";
import { ProtocolClient } from "../support/protocol-client.ts";
import { freePort } from "../support/servers/free-port.ts";
import { startPrometheus } from "../support/servers/start-prometheus.ts";

const MOST_SERIES = 2_000;
const ROOMS = 4;
const read = (name: string) => readFileSync(join(ROOT, "deploy/prometheus", name), "utf8");

let cluster: ProcessCluster;
let autoscalerAt: string;
const closers = new Closers();
beforeAll(async () => {
  const options = { signaling: 1, nodes: 2, lives: 1, hasMetrics: true };
  cluster = await startProcessCluster({ name: "metrics", ...options });
  closers.add(cluster);
  autoscalerAt = await startAutoscaler();
});
afterAll(() => closers.closeAll());

it("a real Prometheus finds every metric of the rules in a cluster under load, and nothing that names anybody", async () => {
  const prometheus = await startPrometheus({
    "prometheus.yml": sampleConfig(),
    "rules.yml": read("rules.yml"),
  });
  closers.add(prometheus);
  const sumOf = async (expression: string) => (await prometheus.query(`sum(${expression})`))[0]?.value;
  const rooms = Array.from({ length: ROOMS }, () => cluster.newRoom());
  const clients = await Promise.all(rooms.map((room) => cluster.join(room, `identity-of-${room}`)));
  const forged = `${(await cluster.ticket("forged", "eve")).slice(0, -8)}AAAAAAAA`;
  await expect(ProtocolClient.join(cluster.url, { ticket: forged })).rejects.toMatchObject({
    code: "ticket_invalid",
  });
  await cluster.api("POST", "/v1/nodes/node-1/drain");
  const moved = () => clients.filter((client) => client.framesOf("moved").length > 0);
  await expect.poll(() => sumOf('fairlead_rooms_moved_total{cause="drain"}')).toSatisfy(isSome);
  const drained = "fairlead_core_rooms and on (instance) (fairlead_node_draining == 1)";
  await expect.poll(() => sumOf(drained)).toBe(0);
  await expect.poll(async () => moved().length === (await sumOf("fairlead_rooms_moved_total"))).toBe(true);
  const back = moved();
  await Promise.all(back.map((client) => client.rejoin()));
  await expect.poll(() => sumOf("fairlead_joins_total")).toBe(ROOMS + back.length);
  await expect.poll(() => sumOf("fairlead_core_peers")).toBe(ROOMS);
  await expect.poll(() => sumOf("fairlead_core_rooms")).toBe(ROOMS);

  const used = new Set(read("rules.yml").match(/\bfairlead_[a-z_]+\b/g));
  const missing = async () => {
    const names = await prometheus.names();
    return [...used].filter((name) => !names.includes(name));
  };
  await expect.poll(missing).toEqual([]);
  expect(await sumOf('fairlead_join_seconds_count{outcome="joined"}')).toBe(ROOMS + back.length);
  expect(await sumOf('fairlead_room_move_seconds_count{cause="drain"}')).toBe(back.length);
  expect(await sumOf('fairlead_joins_refused_total{code="ticket_invalid"}')).toBe(1);
  await expect.poll(() => sumOf("fairlead_autoscaler_leads")).toBe(1);
  for (const kind of ["signaling", "autoscaler"])
    await expect.poll(() => sumOf(`fairlead_group_ready_nodes{job="fairlead-${kind}"}`)).toBe(1);
  expect(await sumOf("fairlead_node_draining")).toBe(1);
  await expect.poll(() => sumOf("up")).toBe(cluster.processes.length + 2);

  const series = await prometheus.query('{__name__=~"fairlead_.+"}');
  for (const [, each] of Map.groupBy(series, ({ metric }) => `${metric.job} ${metric.instance}`))
    expect(each.length).toBeLessThan(MOST_SERIES);
  // Prometheus itself adds where it scraped.
  const labels = JSON.stringify(series.map(({ metric: { instance: _, ...own } }) => own));
  for (const name of [...rooms, "identity-of", "127.0.0.1", cluster.apiKey, "node-1"])
    expect(labels).not.toContain(name);
  await Promise.all(clients.map((client) => client.leave()));
});

it("clients can't ask for the metrics of signaling", async () => {
  expect((await fetch(`${cluster.url}/metrics`)).status).toBe(404);
});

const isSome = (sum: unknown) => typeof sum === "number" && sum > 0;

/** The sample's, with the addresses of this cluster, and quicker. */
function sampleConfig(): string {
  const addresses: Record<string, (string | null)[]> = {
    "127.0.0.1:9464": cluster.signalings.map(({ metricsAt }) => metricsAt),
    "127.0.0.1:3001": cluster.nodes.map(({ metricsAt }) => metricsAt),
    "127.0.0.1:3002": cluster.lives.map(({ metricsAt }) => metricsAt),
    "127.0.0.1:3003": [autoscalerAt],
  };
  const text = Object.entries(addresses).reduce(
    (config, [sample, at]) => config.replaceAll(`"${sample}"`, at.map((one) => `"${one}"`).join(", ")),
    read("prometheus.yml"),
  );
  return text.replaceAll("15s", "250ms");
}

/** A real one, whose nodes nobody starts. @returns Where it answers Prometheus. */
async function startAutoscaler(): Promise<string> {
  const webhook = createServer((_, response) => response.end('{"instances":[]}')).listen(0, "127.0.0.1");
  closers.add({ close: () => void webhook.close() });
  const port = await freePort();
  const url = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}`;
  const driver = { kind: "webhook", url, secret: "secret-of-the-webhook" };
  const started = await startProcess({
    name: "autoscaler",
    command: [process.execPath, ...NODE_FLAGS, join(ROOT, "apps/autoscaler/src/main.ts")],
    readyEvent: "process.started",
    logFile: join(cluster.logFolder, "autoscaler.log"),
    env: {
      ...(process.env as Record<string, string>),
      ...natsEnv(cluster, "autoscaler", cluster.nats.tcpUrl),
      FAIRLEAD_REDIS_URL: cluster.redis.url,
      FAIRLEAD_SCALE_API_URL: cluster.url,
      FAIRLEAD_SCALE_API_KEY: cluster.apiKey,
      FAIRLEAD_SCALE_GROUPS: JSON.stringify([{ group: "default", driver, min: 2, max: 2 }]),
      FAIRLEAD_HTTP_PORT: `${port}`,
    },
  });
  closers.add(started);
  return `127.0.0.1:${port}`;
}
