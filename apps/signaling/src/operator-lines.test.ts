import { FairleadError } from "@fairlead/protocol";
import { MetricsStore } from "@fairlead/telemetry";
import { createConsoleLogger } from "@fairlead/telemetry/console";
import { expect, it } from "vitest";
import { startScriptedCluster } from "./testing/start-scripted-cluster.ts";

const KEY = "key-of-a-back-end";

async function setUp() {
  const lines: Record<string, unknown>[] = [];
  const log = createConsoleLogger({ level: "info", write: (line) => lines.push(JSON.parse(line)) });
  const metrics = new MetricsStore();
  const apiKeys = [{ key: KEY, name: "shop", scopes: ["rooms" as const] }];
  const cluster = await startScriptedCluster({
    log,
    app: { apiKeys, metrics },
    limits: { retryDelaysMs: [] },
  });
  const call = (method: string, path: string, key = KEY) =>
    fetch(`${cluster.server.url}${path}`, { method, headers: { authorization: `Bearer ${key}` } });
  const told = (msg: string) => lines.filter((line) => line.msg === msg);
  return { ...cluster, call, told, counts: metrics.counts };
}

it("a join that no node has room for is told to the operator, as a warning, and counted", async () => {
  const { connect, counts, joinFrame, registry, told } = await setUp();
  registry.place = () => Promise.reject(new FairleadError("no_capacity", { retryAfterMs: 2_000 }));
  const client = await connect();
  client.send(await joinFrame("standup"));
  await client.refusal();
  expect(told("join.no_capacity")).toMatchObject([
    { level: 40, roomId: "standup", code: "no_capacity", retryAfterMs: 2_000, leftOut: 0 },
  ]);
  expect([...counts]).toEqual([
    ["placement.refused no_capacity", 1],
    ["join.refused no_capacity", 1],
  ]);
});

it("wrong keys are told, once a second at most, and each is counted", async () => {
  const { call, counts, told } = await setUp();
  for (let time = 0; time < 5; time += 1)
    expect((await call("GET", "/v1/rooms", "a-wrong-key")).status).toBe(401);
  const lines = told("stranger.refused");
  expect(lines[0]).toMatchObject({ level: 40, code: "api_key_invalid", address: "127.0.0.1" });
  expect(lines.length).toBeLessThan(5);
  expect(counts.get("stranger.refused api_key_invalid")).toBe(5);
  expect(JSON.stringify(lines)).not.toContain("a-wrong-key");
});

it("what is done by the API is told with the name of its key, and of whom it was done to", async () => {
  const { call, join, told } = await setUp();
  await join("standup", "ann");
  expect((await call("PUT", "/v1/rooms/standup/bans/ann")).status).toBe(204);
  expect((await call("DELETE", "/v1/rooms/standup")).status).toBe(204);
  const line = { level: 30, roomId: "standup", apiKey: "shop", requestId: expect.any(String) };
  expect(told("peer.banned")).toMatchObject([{ ...line, identity: "ann" }]);
  expect(told("room.close_requested")).toMatchObject([line]);
});
