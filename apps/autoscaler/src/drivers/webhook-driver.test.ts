import { createHmac } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { WebhookDriver, type WebhookDriverOptions } from "./webhook-driver.ts";

const SECRET = "a-secret-of-the-operator";
const NOW_MS = 1_800_000_000_500;
const INSTANCE = { id: "i-0abc", nodeId: "node-7", askedAtMs: 1_799_999_000_000 };

type Posted = { text: string; signature: unknown; body: Record<string, unknown> };

/** The operator's server: each request gets the next answer, and the last one all that come later. */
async function setUp(
  answers: ((response: ServerResponse) => void)[],
  options: Partial<WebhookDriverOptions> = {},
) {
  const posted: Posted[] = [];
  const server = createServer(async (request, response) => {
    const sent = await text(request);
    posted.push({ text: sent, signature: request.headers["fairlead-signature"], body: JSON.parse(sent) });
    answers[Math.min(posted.length, answers.length) - 1]?.(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const pauses: number[] = [];
  const driver = new WebhookDriver({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/nodes`,
    ...{ secret: SECRET, group: "eu-west+gpu", now: () => NOW_MS },
    pause: async (ms) => void pauses.push(ms),
    ...options,
  });
  onTestFinished(async () => {
    await driver.close();
    server.closeAllConnections();
    server.close();
  });
  return { posted, driver, pauses };
}

const status = (code: number) => (response: ServerResponse) => void response.writeHead(code).end();
const json = (value: unknown) => (response: ServerResponse) => void response.end(JSON.stringify(value));
const breaks = (response: ServerResponse) => void response.socket?.destroy();

describe("an order", () => {
  it("is signed as hooks are", async () => {
    const { posted, driver } = await setUp([status(204)]);
    await driver.start(2);
    const [order] = posted;
    const hmac = createHmac("sha256", SECRET).update(`1800000000.${order?.text}`).digest("hex");
    expect(order?.signature).toBe(`t=1800000000,v1=${hmac}`);
    expect(order?.body).toEqual({ id: expect.any(String), group: "eu-west+gpu", do: "start", count: 2 });
  });

  it("is posted again under its id after 5xx, 429 and a broken connection, and not for ever", async () => {
    const { posted, driver, pauses } = await setUp([status(503), breaks, status(204), status(429)]);
    await driver.start(1);
    expect(new Set(posted.map(({ body }) => body.id)).size).toBe(1);
    expect([posted.length, pauses]).toEqual([3, [500, 2_000]]);
    await expect(driver.start(1)).rejects.toThrow('did not do "start": it answered 429');
    expect(posted).toHaveLength(6);
    expect(new Set(posted.map(({ body }) => body.id)).size).toBe(2);
  });

  it("is not posted again once another autoscaler acts", async () => {
    const { posted, driver } = await setUp([status(503)]);
    let turns = 1;
    const mayAct = () => turns-- > 0;
    await expect(driver.remove(INSTANCE, mayAct)).rejects.toThrow("another autoscaler acts now");
    await expect(driver.start(1, mayAct)).rejects.toThrow("another autoscaler acts now");
    expect(posted).toHaveLength(1);
  });

  it.each([301, 400, 404])("that is answered with %i is refused", async (code) => {
    const { posted, driver } = await setUp([status(code)]);
    await expect(driver.start(1)).rejects.toThrow(`it answered ${code}`);
    expect(posted).toHaveLength(1);
  });

  it("that is not answered in time has failed", async () => {
    const { driver } = await setUp([() => {}], { timeoutMs: 50 });
    await expect(driver.start(1)).rejects.toThrow("timeout");
  });

  it("fails at once when the driver is closed", async () => {
    const { posted, driver } = await setUp([() => {}]);
    const ordered = driver.start(1);
    await expect.poll(() => posted.length, { timeout: 15_000 }).toBe(1);
    await driver.close();
    await expect(ordered).rejects.toThrow("the driver is closed");
    await expect(driver.list()).rejects.toThrow();
    expect(posted).toHaveLength(1);
  });
});

describe("the list", () => {
  it("is what the server says; a node id may be unknown", async () => {
    const starting = { id: "i-0def", askedAtMs: 1 };
    const { posted, driver } = await setUp([json({ instances: [INSTANCE, starting], more: "later builds" })]);
    expect(await driver.list()).toEqual([INSTANCE, { ...starting, nodeId: null }]);
    expect(posted[0]?.body).toMatchObject({ do: "list" });
  });

  it.each([
    ["no JSON", (response: ServerResponse) => void response.end("<html>")],
    ["no list", json({ nodes: [] })],
    ["a nameless instance", json({ instances: [{ ...INSTANCE, id: "" }] })],
    ["an endless answer", (response: ServerResponse) => void response.end("x".repeat(5_000_000))],
  ])("that is %s is none", async (_what, answer) => {
    const { driver } = await setUp([answer]);
    await expect(driver.list()).rejects.toThrow();
  });
});

describe("a removal", () => {
  it("names the instance and its node", async () => {
    const { posted, driver } = await setUp([status(202)]);
    await driver.remove(INSTANCE);
    expect(posted[0]?.body).toMatchObject({ do: "remove", instance: { id: "i-0abc", nodeId: "node-7" } });
  });

  it.each([404, 410])("that is answered with %i has been done before", async (code) => {
    const { driver } = await setUp([status(code)]);
    await driver.remove(INSTANCE);
  });
});
