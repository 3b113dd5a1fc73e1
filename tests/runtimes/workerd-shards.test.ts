import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import type { LogLine } from "../support/processes/start-process.ts";
import { joinFrame, ProtocolClient } from "../support/protocol-client.ts";
import { startTcpRelay } from "../support/tcp-relay.ts";
import { openHttp } from "../support/wires/open-http.ts";
import { type RuntimeCluster, startRuntimeCluster } from "./start-runtime-cluster.ts";
import { startWorkerd, workerdRuntime } from "./start-workerd.ts";

const SOCKETS = 300;
const PER_ROOM = 30;
/** A shard makes its connection anew in its own time. */
const SOON = { timeout: 15_000 };

let cluster: RuntimeCluster;
let starts = 0;
const closers: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  // Rooms on a busy machine are taken to cost much: there is place for all of them.
  cluster = await startRuntimeCluster({ name: "workerd-shards", cores: 8 });
});
afterEach(async () => {
  for (const one of closers.splice(0).reverse()) await one.close();
});
afterAll(() => cluster.close());

/** workerd whose shards reach NATS through a relay. */
async function start(env: Record<string, string> = {}) {
  const nats = await startTcpRelay(cluster.site.nats.websocketPort);
  closers.push(nats);
  starts += 1;
  const settings = {
    ...cluster.settings(workerdRuntime),
    FAIRLEAD_NATS_SERVERS: `ws://127.0.0.1:${nats.port}`,
    ...env,
  };
  const workerd = await startWorkerd(settings, `workerd-shards/${starts}`);
  closers.push(workerd);
  const join = async (room: string, wire?: typeof openHttp) =>
    ProtocolClient.join(workerd.url, { ticket: await cluster.ticket({ room }) }, wire);
  return { ...workerd, nats, join, ask: (path: string) => answerOf(`${workerd.url}${path}`) };
}

/** How many shards have let somebody in, by their log so far. */
function busyShards(log: readonly LogLine[]): number {
  const entered = log.filter(({ msg }) => msg === "session.joined" || msg === "session.resumed");
  return new Set(entered.map(({ shard }) => shard)).size;
}

async function answerOf(url: string) {
  const response = await fetch(url);
  const body = (await response.json()) as { error?: { code: string } };
  return [response.status, body.error?.code];
}

async function refusedUpgrade(url: string) {
  const socket = new WebSocket(`${url.replace("http", "ws")}/v1/connect`);
  const [, response] = await once(socket, "unexpected-response");
  return [response.statusCode, JSON.parse(await text(response)).error.code];
}

describe("the shards of signaling on workerd", () => {
  it("take as many sockets as they may, and the next one of the others the rest", async () => {
    const { url, join } = await start({ FAIRLEAD_SHARDS: "2", FAIRLEAD_SHARD_SOCKETS: "2" });
    const room = cluster.newRoom();
    const clients = [await join(room), await join(room), await join(room), await join(room)];
    expect(await refusedUpgrade(url)).toEqual([503, "signaling_full"]);
    await clients.pop()?.leave();
    clients.push(await join(room));
    for (const client of clients) await client.leave();
  });

  it("count sockets and streams of events together, and go on to the next for what is over HTTP too", async () => {
    const { url, join, log } = await start({ FAIRLEAD_SHARDS: "4", FAIRLEAD_SHARD_SOCKETS: "1" });
    const room = cluster.newRoom();
    const clients: ProtocolClient[] = [];
    for (const wire of [openHttp, undefined, openHttp, undefined]) clients.push(await join(room, wire));
    expect(await refusedUpgrade(url)).toEqual([503, "signaling_full"]);
    const ticket = await cluster.ticket({ room });
    const { type: _, ...body } = joinFrame({ ticket });
    const refused = await fetch(`${url}/v1/sessions`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { "content-type": "application/json" },
    });
    expect([refused.status, (await refused.json()).error.code]).toEqual([503, "signaling_full"]);
    await expect.poll(() => busyShards(log)).toBe(4);
    for (const client of clients) await client.leave();
    const late = await join(room, openHttp);
    await late.leave();
  });

  it("share rooms: those in one over a socket and those over HTTP, on another shard, hear of each other", async () => {
    const { join, log } = await start({ FAIRLEAD_SHARDS: "16", FAIRLEAD_SHARD_SOCKETS: "1" });
    const room = cluster.newRoom();
    const clients = [await join(room), await join(room), await join(room, openHttp), await join(room)];
    for (const client of clients)
      await client.until(() => client.view.peers.size === clients.length, "all the others");
    const [first] = clients;
    await expect.poll(() => busyShards(log)).toBeGreaterThanOrEqual(3);
    await first?.leave();
    for (const client of clients.slice(1))
      await client.until(() => client.view.peers.size === clients.length - 1, "the leave");
  });

  it(`carry ${SOCKETS} sockets over one connection to NATS`, async () => {
    const { nats, join } = await start({ FAIRLEAD_SHARDS: "1" });
    const clients: ProtocolClient[] = [];
    while (clients.length < SOCKETS) {
      const room = cluster.newRoom();
      clients.push(...(await Promise.all(Array.from({ length: PER_ROOM }, () => join(room)))));
    }
    expect(nats.connections()).toBe(1);
    for (const client of clients) client.send({ type: "ping" });
    await Promise.all(
      clients.map((client) => client.until(() => client.framesOf("pong").length > 0, "pong")),
    );
    await Promise.all(clients.map((client) => client.leave()));
    expect(nats.connections()).toBe(1);
  });

  it("refuse while NATS can't be reached, and serve once it can", async () => {
    const { ask, nats, join } = await start({ FAIRLEAD_SHARDS: "1" });
    nats.cut();
    expect(await ask("/readyz")).toEqual([503, "bus_disconnected"]);
    await expect(join(cluster.newRoom())).rejects.toThrow("503");
    nats.restore();
    await expect.poll(() => ask("/readyz"), SOON).toEqual([200, undefined]);
    await (await join(cluster.newRoom())).leave();
  });

  it("refuse while NATS takes connections and says nothing", async () => {
    const { ask } = await start({ FAIRLEAD_SHARDS: "1" });
    const { nats } = cluster.site;
    await nats.kill("SIGSTOP");
    try {
      expect(await ask("/readyz")).toEqual([503, "bus_disconnected"]);
    } finally {
      await nats.kill("SIGCONT");
    }
    await expect.poll(() => ask("/readyz"), SOON).toEqual([200, undefined]);
  });

  it("keep their sockets while NATS is started anew, and go on", async () => {
    const { join, waitFor } = await start({ FAIRLEAD_SHARDS: "1" });
    const room = cluster.newRoom();
    const [ann, bob] = [await join(room), await join(room)];
    await cluster.site.nats.restart();
    await waitFor(({ msg }) => msg === "bus.resumed");
    const cid = await join(room);
    for (const client of [ann, bob])
      await client.until(() => client.view.peers.has(cid.peerId), "who came afterwards");
    expect([ann, bob].flatMap((client) => client.framesOf("error"))).toEqual([]);
    expect([ann.isConnected, bob.isConnected]).toEqual([true, true]);
  });

  it("tell clients that NATS is gone, whose sessions go on when it is back", async () => {
    const { nats, join } = await start();
    const client = await join(cluster.newRoom());
    nats.cut();
    await client.until(() => client.framesOf("error").length > 0, "the refusal");
    expect(client.framesOf("error").map(({ error }) => error.code)).toEqual(["bus_disconnected"]);
    nats.restore();
    await expect.poll(() => client.resume().then(() => "resumed", String), SOON).toBe("resumed");
    await client.leave();
  });

  it("are not woken by what comes without a ticket or key, nor for a session that can be none", async () => {
    // No shard could start by these.
    const { ask, log } = await start({ FAIRLEAD_NATS_SERVERS: "nats://127.0.0.1:4222" });
    expect(await ask("/v1/rooms")).toEqual([401, "api_key_missing"]);
    expect(await ask("/v1/sessions/some-session/events")).toEqual([401, "session_invalid"]);
    expect(await ask("/v1/sessions/a.b/events")).toEqual([400, "invalid_request"]);
    expect(log.filter(({ msg }) => `${msg}`.startsWith("shard."))).toEqual([]);
    expect(await ask("/readyz")).toEqual([500, "internal"]);
  });

  it("say in the log, not in the answer, which setting is wrong", async () => {
    const { ask, waitFor } = await start({ FAIRLEAD_NATS_SERVERS: "nats://user:secret@127.0.0.1:4222" });
    expect(await ask("/readyz")).toEqual([500, "internal"]);
    const line = JSON.stringify(await waitFor(({ msg }) => msg === "shard.start_failed"));
    expect(line).toMatch("FAIRLEAD_NATS_SERVERS");
    expect(line).not.toMatch("secret");
  });
});
