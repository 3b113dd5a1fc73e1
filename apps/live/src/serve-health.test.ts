import { expect, it, onTestFinished } from "vitest";
import { serveHealth } from "./serve-health.ts";

it("probes hear that it lives, and whether it takes encoders", async () => {
  let live: { whyNotReady(): string | null; publishers(): number } | null = null;
  const server = await serveHealth({ host: "127.0.0.1", port: 0 }, () => live);
  onTestFinished(server.close);
  const ask = async (path: string) => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return [response.status, await response.json()];
  };
  expect(await ask("/livez")).toEqual([200, { status: "ok" }]);
  expect(await ask("/readyz")).toEqual([503, { status: "not_ready", reason: "it is being started" }]);
  live = { whyNotReady: () => null, publishers: () => 2 };
  expect(await ask("/readyz")).toEqual([200, { status: "ready", publishers: 2 }]);
  live = { whyNotReady: () => "it is shutting down", publishers: () => 2 };
  expect(await ask("/readyz")).toEqual([503, { status: "not_ready", reason: "it is shutting down" }]);
  expect((await ask("/"))[0]).toBe(404);
});

it("Prometheus is answered where there are metrics, and a scrape that fails is told", async () => {
  const answers = [() => new Response("fairlead_publishers 2\n"), () => Promise.reject(new Error("no"))];
  const expose = async () => answers.shift()?.() ?? new Response();
  const server = await serveHealth({ host: "127.0.0.1", port: 0 }, () => null, expose);
  onTestFinished(server.close);
  const ask = () => fetch(`http://127.0.0.1:${server.port}/metrics`);
  expect(await (await ask()).text()).toBe("fairlead_publishers 2\n");
  expect((await ask()).status).toBe(500);
});
