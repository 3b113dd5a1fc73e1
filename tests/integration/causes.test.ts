import { parseJson, RoomControl, subjects } from "@fairlead/protocol";
import { type LogFields, type Logger, MetricsStore, silentLogger } from "@fairlead/telemetry";
import { describe, expect, it, onTestFinished } from "vitest";
import { startMemoryCluster } from "../support/clusters/start-memory-cluster.ts";

type Line = LogFields & { event: string };

/** What is logged at info and warning, with the fields of the loggers on the way. */
function recordLog(lines: Line[], always: LogFields = {}): Logger {
  const add = (event: string, fields: LogFields = {}) => void lines.push({ ...always, ...fields, event });
  return {
    ...{ ...silentLogger, info: add, warn: add },
    child: (fields) => recordLog(lines, { ...always, ...fields }),
  };
}

/** A room with one peer on `node-1` of two. */
async function setUp() {
  const lines: Line[] = [];
  const metrics = new MetricsStore();
  const cluster = await startMemoryCluster({ nodes: 2, cores: 2, log: recordLog(lines), metrics });
  onTestFinished(cluster.close);
  await cluster.api("PUT", "/v1/rooms/one", { nodeId: "node-1" });
  const client = await cluster.join("one", "ann");
  await cluster.api("PUT", "/v1/rooms/one", {});
  const told: (string | undefined)[] = [];
  cluster.bus.subscribe(subjects.roomControl("one"), ({ data }) => {
    const control = parseJson(RoomControl, new TextDecoder().decode(data));
    if (control.type === "moved") told.push(control.cause);
  });
  const until = async (event: string) => {
    await expect.poll(() => lines.find((line) => line.event === event), { timeout: 10_000 }).toBeDefined();
    return lines.find((line) => line.event === event);
  };
  return { cluster, client, counts: metrics.counts, told, lines, until };
}

describe("why a room moved is told in the log and on the bus, and counted", () => {
  it("when its node died, with what that node died of", async () => {
    const { cluster, counts, told, until } = await setUp();
    const { incarnation } = cluster.node;
    cluster.kill(cluster.node);
    expect(await until("room.moved")).toMatchObject({ roomId: "one", node: "node-2", cause: "node_lost" });
    expect(await until("node.lost")).toMatchObject({ nodeId: "node-1", lost: incarnation, rooms: 1 });
    expect(["process_gone", "silent"]).toContain((await until("node.lost"))?.cause);
    expect(told).toContain("node_lost");
    expect(counts.get("room.moved node_lost")).toBe(1);
    expect(counts.get(`node.lost ${(await until("node.lost"))?.cause}`)).toBe(1);
  });

  it("when its worker died", async () => {
    const { cluster, counts, told, until } = await setUp();
    const core = (await cluster.room("one")).placement?.core ?? expect.fail("no place");
    process.kill(cluster.node.workerPids()[core] ?? expect.fail("no worker"), "SIGKILL");
    expect(await until("room.moved")).toMatchObject({ roomId: "one", cause: "worker_died" });
    await expect.poll(() => told).toContain("worker_died");
    expect([counts.get("worker.died"), counts.get("room.moved worker_died")]).toEqual([1, 1]);
  });

  it("when its node drained", async () => {
    const { cluster, counts, told, until } = await setUp();
    await cluster.node.drain({ deadlineMs: 10_000 });
    expect(await until("room.moved")).toMatchObject({ roomId: "one", nodeId: "node-2", cause: "drain" });
    await expect.poll(() => told).toContain("drain");
    expect(counts.get("room.moved drain")).toBe(1);
  });
});

it("every line of a node says which node, which run of it and which version", async () => {
  const { cluster, lines } = await setUp();
  const { incarnation, nodeId } = cluster.node;
  const own = lines.filter(({ node }) => node === nodeId);
  expect(own.map(({ event }) => event)).toEqual(
    expect.arrayContaining(["worker.started", "node.started", "room.opened"]),
  );
  for (const line of own) expect(line).toMatchObject({ incarnation, version: expect.any(String) });
});
