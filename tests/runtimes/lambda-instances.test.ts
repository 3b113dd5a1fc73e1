import { copyFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ProtocolClient } from "../support/protocol-client.ts";
import { startTcpRelay, type TcpRelay } from "../support/tcp-relay.ts";
import { openHttp } from "../support/wires/open-http.ts";
import { type Lambda, startLambda } from "./lambda-function-url.ts";
import { type RuntimeCluster, startRuntimeCluster } from "./start-runtime-cluster.ts";

const ROOT = join(import.meta.dirname, "../..");

let cluster: RuntimeCluster;
let relay: TcpRelay;
let lambda: Lambda;

beforeAll(async () => {
  cluster = await startRuntimeCluster({
    name: "lambda-instances",
    cores: 1,
    env: { FAIRLEAD_GRACE_MS: "5000" },
  });
  relay = await startTcpRelay(cluster.site.nats.port);
  lambda = await startLambda({ env: settings(), name: "lambda-instances/lambda" });
});
afterAll(async () => {
  await lambda.close();
  await relay.close();
  await cluster.close();
});

/** NATS by the relay. */
function settings(): Record<string, string> {
  const FAIRLEAD_NATS_SERVERS = `nats://127.0.0.1:${relay.port}`;
  return { ...cluster.settings({ nats: "tcp", redis: "rest" }), FAIRLEAD_NATS_SERVERS };
}

async function enter(url: string, room = cluster.newRoom()): Promise<ProtocolClient> {
  return ProtocolClient.join(url, { ticket: await cluster.ticket({ room }) }, openHttp);
}

describe("signaling on Lambda", () => {
  it("refuses a WebSocket, in a way that sends clients on to HTTP", async () => {
    const answer = await fetch(`${lambda.url}/v1/connect`);
    expect([answer.status, (await answer.json()).error.code]).toEqual([501, "websocket_unsupported"]);
  });

  it("has asked the registry before its first request, which is not kept waiting for a cold connection", async () => {
    const rest = await startTcpRelay(Number(new URL(settings().UPSTASH_REDIS_REST_URL ?? "").port));
    const env = { ...settings(), UPSTASH_REDIS_REST_URL: `http://127.0.0.1:${rest.port}` };
    const one = await startLambda({ env, name: "lambda-instances/warm" });
    // A request for which signaling asks nobody.
    expect((await fetch(`${one.url}/healthz`)).status).toBe(200);
    expect(rest.connections()).toBeGreaterThan(0);
    await one.close();
    await rest.close();
  });

  it("serves sessions while each event stream occupies an instance of its own", async () => {
    const room = cluster.newRoom();
    const [ann, bob] = [await enter(lambda.url, room), await enter(lambda.url, room)];
    await ann.until(() => ann.view.peers.size === 2, "Bob");
    // An acknowledgement occupies another one for a moment.
    await expect.poll(() => lambda.instances().filter(({ isIdle }) => !isIdle).length).toBe(2);
    await bob.leave();
    await ann.until(() => ann.view.peers.size === 1, "Bob's leave");
    await ann.leave();
    await expect.poll(() => lambda.instances().every(({ isIdle }) => isIdle)).toBe(true);
  });

  it("finds its connection stale when it was frozen, and renews it before it serves", async () => {
    const one = await startLambda({ env: settings(), name: "lambda-instances/frozen" });
    expect((await fetch(`${one.url}/readyz`)).status).toBe(200);
    await expect.poll(() => one.instances().map(({ isIdle }) => isIdle)).toEqual([true]);
    relay.fallSilent();
    // Longer than the pause after which an instance doubts its connection.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const client = await enter(one.url);
    await expect
      .poll(() => readFileSync(one.logFile, "utf8"))
      .toContain("NATS does not answer after a pause");
    await client.leave();
    await one.close();
  });

  it("a stream ends in good order before the time of its invocation is up, and is resumed without a gap", async () => {
    const one = await startLambda({ env: settings(), name: "lambda-instances/short", timeoutMs: 6_000 });
    const client = await enter(one.url);
    const running = one.instances();
    await client.until(() => !client.isConnected, "the stream's end");
    expect(client.framesOf("error")).toEqual([]);
    expect(running.every(({ isRunning }) => isRunning)).toBe(true);
    await client.resume();
    await client.leave();
    await one.close();
  });

  it("frees the instance of a client that vanished once its grace time is over, though nobody tells the function", async () => {
    const one = await startLambda({ env: settings(), name: "lambda-instances/vanished" });
    const client = await enter(one.url);
    client.drop();
    expect(one.instances().some(({ isIdle }) => !isIdle)).toBe(true);
    const isFree = () => one.instances().every(({ isIdle }) => isIdle);
    await expect.poll(isFree, { timeout: 20_000 }).toBe(true);
    await one.close();
  });

  it("is one file, which needs nothing beside it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "fairlead-lambda-"));
    copyFileSync(join(ROOT, "deploy/lambda/dist/lambda.mjs"), join(folder, "lambda.mjs"));
    const one = await startLambda({ env: settings(), name: "lambda-instances/bundle", taskRoot: folder });
    const client = await enter(one.url);
    await client.leave();
    await one.close();
    rmSync(folder, { recursive: true });
  });

  it("that can't reach NATS when it starts answers at once, and tries again with the next request", async () => {
    relay.cut();
    const one = await startLambda({ env: settings(), name: "lambda-instances/away" });
    expect((await fetch(`${one.url}/healthz`)).status).toBe(502);
    relay.restore();
    expect((await fetch(`${one.url}/healthz`)).status).toBe(200);
    await one.close();
  });
});
