import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { createApiClient } from "./api-client.ts";
import type { ApiClientOptions } from "./api-client-options.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

/** A client of a server that answers as told; `waits` are those before retries, which don't take place. */
async function setUp(listener: RequestListener, options: Partial<ApiClientOptions> = {}) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closing.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/behind`;
  const waits: number[] = [];
  const pause = async (ms: number) => void waits.push(ms);
  const api = createApiClient({ url, apiKey: "key", random: () => 0, pause, ...options });
  return { api, requests, waits, server };
}

const refusing =
  (status: number, error: object, headers = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, headers).end(JSON.stringify({ error }));
const cold = { code: "registry_cold", message: "registry cold", retryAfterMs: 300 };

describe("requests to signaling", () => {
  it("are asked again when a read is refused for the moment, as late as the refusal says", async () => {
    const room = { roomId: "a", createdAtMs: 1, options: {}, placement: null, decision: null };
    let count = 0;
    const { api, requests, waits } = await setUp((request, response) => {
      count += 1;
      if (count < 3) return refusing(503, cold)(request, response);
      response.end(JSON.stringify({ ...room, peers: 0, producers: 0, consumers: 0 }));
    });
    expect(await api.rooms.read("a")).toMatchObject({ roomId: "a", options: { maxPeers: 1_000 } });
    expect(requests).toEqual(Array(3).fill("GET /behind/v1/rooms/a"));
    expect(waits).toEqual([300, 300]);
  });

  it("are given up after the last retry, with the refusal", async () => {
    const { api, requests, waits } = await setUp(refusing(503, cold), { random: () => 1 });
    await expect(api.rooms.read("a")).rejects.toMatchObject({ code: "registry_cold", retryAfterMs: 300 });
    expect(requests).toHaveLength(3);
    expect(waits).toEqual([450, 450]);
  });

  it.each([
    ["a write", 503, cold, (api: Api) => api.rooms.write("a", {})],
    ["what will not help", 404, { code: "room_not_found", message: "" }, (api: Api) => api.rooms.read("a")],
    [
      "a limit",
      429,
      { code: "rate_limited", message: "", retryAfterMs: 9 },
      (api: Api) => api.rooms.read("a"),
    ],
    ["a long wait", 503, { ...cold, retryAfterMs: 60_000 }, (api: Api) => api.rooms.read("a")],
  ])("are not asked again for %s", async (_what, status, error, act) => {
    const { api, requests } = await setUp(refusing(status, error));
    await expect(act(api)).rejects.toMatchObject({ name: "FairleadError", code: error.code });
    expect(requests).toHaveLength(1);
  });

  it("are signaling_unreachable for a proxy's page, which may say when to come back", async () => {
    const proxy: RequestListener = (_request, response) =>
      void response.writeHead(502, { "Retry-After": "2" }).end("<html>Bad gateway</html>");
    const { api, waits } = await setUp(proxy, { retries: 1 });
    await expect(api.rooms.read("a")).rejects.toMatchObject({
      code: "signaling_unreachable",
      message: expect.stringMatching(/\/behind\/v1\/rooms\/a: HTTP status 502$/),
      retryAfterMs: 2_000,
    });
    expect(waits).toEqual([2_000]);
  });

  it("are signaling_unreachable when nobody answers, in time, or in its words", async () => {
    const unreachable = { name: "FairleadError", code: "signaling_unreachable" };
    const silent = await setUp(() => {}, { timeoutMs: 50, retries: 0 });
    await expect(silent.api.rooms.read("a")).rejects.toMatchObject(unreachable);
    const other = await setUp((_request, response) => void response.end('{"hello":1}'), { retries: 0 });
    await expect(other.api.rooms.read("a")).rejects.toMatchObject({
      ...unreachable,
      message: expect.stringMatching(
        /\/behind\/v1\/rooms\/a: something other than Fairlead's signaling answers$/,
      ),
    });
    other.server.closeAllConnections();
    other.server.close();
    await expect(other.api.rooms.read("a")).rejects.toMatchObject({
      ...unreachable,
      message: expect.stringMatching(/^signaling unreachable at http:.*ECONNREFUSED/),
    });
  });

  it("do not take the key to where a redirect points", async () => {
    const target = await setUp((_request, response) => void response.end("{}"));
    const { port } = target.server.address() as AddressInfo;
    const headers = { Location: `http://127.0.0.1:${port}/v1/rooms/a` };
    const { api } = await setUp((_request, response) => void response.writeHead(307, headers).end(), {
      retries: 0,
    });
    await expect(api.rooms.read("a")).rejects.toMatchObject({ code: "signaling_unreachable" });
    expect(target.requests).toEqual([]);
  });

  it.each([
    [{ url: "https://signaling.test", apiKey: undefined }, "apiKey is missing"],
    [{ url: undefined, apiKey: "key" }, "url is missing"],
  ])("are not possible with %j, and the error says: %s", (options, message) => {
    expect(() => createApiClient(options as never)).toThrow(message);
  });

  it.each([
    { url: "ws://signaling.test", apiKey: "key" },
    { url: "signaling.test", apiKey: "key" },
    { url: "https://signaling.test?x=1", apiKey: "key" },
    { url: "https://signaling.test", apiKey: "" },
    { url: "https://signaling.test", apiKey: "two words" },
  ])("are not possible with %j", (options) => {
    expect(() => createApiClient(options)).toThrow(TypeError);
  });
});

type Api = ReturnType<typeof createApiClient>;
