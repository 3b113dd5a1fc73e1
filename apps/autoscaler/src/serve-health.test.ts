import { expect, it, onTestFinished } from "vitest";
import { type HealthOf, serveHealth } from "./serve-health.ts";

it("probes hear whether it stands still, and whether it can do its work, or waits for it", async () => {
  let state: ReturnType<HealthOf> = null;
  const exposed = { "/metrics": async () => new Response("counted 1") };
  const server = await serveHealth(
    { host: "127.0.0.1", port: 0 },
    () => state,
    () => exposed,
  );
  onTestFinished(server.close);
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return [response.status, await response.text()];
  };
  const notReady = (reason: string) => [503, JSON.stringify({ status: "not_ready", reason })];
  expect(await ask("/livez")).toEqual([200, JSON.stringify({ status: "ok" })]);
  expect(await ask("/readyz")).toEqual(notReady("it is being started"));
  const given = { standstill: () => null, whyNotReady: () => null };
  state = { ...given, isScaling: false };
  expect(await ask("/readyz")).toEqual([200, JSON.stringify({ status: "ready", role: "waits" })]);
  state = { ...given, isScaling: true };
  expect(await ask("/readyz")).toEqual([200, JSON.stringify({ status: "ready", role: "scales" })]);
  state = { standstill: () => "no look", whyNotReady: () => "it is away", isScaling: true };
  expect(await ask("/livez")).toEqual([503, JSON.stringify({ status: "standstill", standstill: "no look" })]);
  expect(await ask("/readyz")).toEqual(notReady("it is away"));
  expect(await ask("/metrics")).toEqual([200, "counted 1"]);
  expect((await ask("/"))[0]).toBe(404);
});
