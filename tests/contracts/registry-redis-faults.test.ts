import { serveRedisRest } from "@fairlead/redis-rest";
import type { Registry } from "@fairlead/registry";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import { createUpstashRegistry } from "@fairlead/registry/upstash";
import { describe, expect, it, onTestFinished } from "vitest";
import { freePort } from "../support/servers/free-port.ts";
import { type RedisServer, startRedis } from "../support/servers/start-redis.ts";
import { startTcpRelay } from "../support/tcp-relay.ts";
import { beatOf, placePeer, roomOptions, serving } from "./registry-adapter.ts";

/** With Redis's own clock: here time really passes. */
const TOKEN = "a-token-of-the-tests";
const UNREACHABLE = { code: "registry_unreachable" };
const PATIENT = { timeout: 20_000 };

type Setup = { server: RedisServer; registry: Registry; errors: unknown[] };
type Connect = (server: RedisServer, onError: (error: unknown) => void) => Promise<Registry>;

const ADAPTERS: [string, Connect][] = [
  ["redis", (server, onError) => connectRedisRegistry({ url: server.url, onError })],
  [
    "upstash",
    async (server, onError) => {
      const rest = await serveRedisRest({ redisUrl: server.url, token: TOKEN });
      onTestFinished(() => rest.close());
      return createUpstashRegistry({ url: rest.url, token: TOKEN, onError });
    },
  ],
];

async function setUp(connect: Connect): Promise<Setup> {
  const server = await startRedis();
  onTestFinished(() => server.close());
  const errors: unknown[] = [];
  const registry = await connect(server, (error) => errors.push(error));
  onTestFinished(() => registry.close());
  return { server, registry, errors };
}

/** Beats as a node does, until it is asked to stop. */
function keepBeating(registry: Registry, beat: () => ReturnType<typeof beatOf>): void {
  const timer = setInterval(() => registry.heartbeat(beat()).catch(() => {}), 500);
  onTestFinished(() => clearInterval(timer));
}

const answers = (registry: Registry) =>
  registry.ping().then(
    () => true,
    () => false,
  );

describe.each(ADAPTERS)("the %s registry, when Redis", (_, connect) => {
  it("is stopped, refuses with registry_unreachable; it comes back by itself, cold, and then live", async () => {
    const { server, registry, errors } = await setUp(connect);
    keepBeating(registry, () => beatOf("a"));
    await expect
      .poll(() => placePeer(registry, "before").catch(({ code }) => code), PATIENT)
      .toMatchObject({ isNew: true });
    // On a busy machine the first calls may have been too slow, which is told as well.
    await expect.poll(() => answers(registry), PATIENT).toBe(true);
    errors.length = 0;
    await server.signal("SIGKILL");
    for (const call of [
      () => placePeer(registry, "standup"),
      () => registry.describeRoom("standup"),
      () => registry.listNodes({ limit: 9 }),
      () => registry.ping(),
    ])
      await expect(call()).rejects.toMatchObject(UNREACHABLE);
    expect(errors).toHaveLength(1);
    await server.restart();
    await expect.poll(() => answers(registry), PATIENT).toBe(true);
    await expect(placePeer(registry, "standup")).rejects.toMatchObject({
      code: "registry_cold",
      retryAfterMs: expect.any(Number),
    });
    await expect
      .poll(() => placePeer(registry, "standup").catch(({ code }) => code), PATIENT)
      .toMatchObject({
        isNew: true,
        lease: { nodeId: "a" },
      });
  }, 60_000);

  it("stalls, leaves no call hanging, and goes on when it does", async () => {
    const { server, registry } = await setUp(connect);
    await registry.ping();
    await server.signal("SIGSTOP");
    for (let round = 0; round < 5; round += 1) {
      const calls = Array.from({ length: 50 }, (_, room) => placePeer(registry, `room-${room}`));
      for (const outcome of await Promise.allSettled([...calls, registry.heartbeat(beatOf("a"))]))
        expect(outcome).toMatchObject({ status: "rejected", reason: UNREACHABLE });
    }
    await server.signal("SIGCONT");
    await expect.poll(() => answers(registry), PATIENT).toBe(true);
    await expect(registry.heartbeat(beatOf("a"))).resolves.toMatchObject({ lost: [] });
  }, 60_000);

  it("is flushed, takes up what nodes name at once, and places new rooms after two heartbeats", async () => {
    const { server, registry } = await setUp(connect);
    keepBeating(registry, () => beatOf("a"));
    const placed = await expect
      .poll(() => placePeer(registry, "standup").catch(() => null), PATIENT)
      .toMatchObject({ isNew: true })
      .then(() => placePeer(registry, "standup"));
    await server.flush();
    await registry.heartbeat(beatOf("a", { leases: serving([placed.lease]) }));
    expect(await placePeer(registry, "standup")).toMatchObject({ isNew: false, lease: placed.lease });
    await expect(placePeer(registry, "another")).rejects.toMatchObject({ code: "registry_cold" });
    await expect
      .poll(() => placePeer(registry, "another").catch(() => null), PATIENT)
      .toMatchObject({ isNew: true });
  }, 60_000);

  it("has lost its scripts, brings them again", async () => {
    const { server, registry } = await setUp(connect);
    // On a busy machine the first answer may come too late to tell the time by.
    await expect.poll(() => registry.heartbeat(beatOf("a")).catch(() => null), PATIENT).toBeTruthy();
    await server.command("SCRIPT FLUSH");
    await expect(registry.heartbeat(beatOf("a"))).resolves.toMatchObject({ lost: [] });
    expect((await registry.listNodes({ limit: 9 })).items).toHaveLength(1);
  });
});

describe("the redis registry", () => {
  it("starts while Redis is away, and finds it", async () => {
    const port = await freePort();
    const registry = await connectRedisRegistry({ url: `redis://127.0.0.1:${port}` });
    onTestFinished(() => registry.close());
    await expect(registry.ping()).rejects.toMatchObject({
      ...UNREACHABLE,
      cause: { cause: { code: "ECONNREFUSED" } },
    });
    const server = await startRedis({ port });
    onTestFinished(() => server.close());
    await expect.poll(() => answers(registry), PATIENT).toBe(true);
  }, 60_000);

  it("counts a heartbeat that was held up on its way from when it arrives", async () => {
    const { server } = await setUp(ADAPTERS[0]?.[1] as Connect);
    const startMs = 1_800_000_000_000;
    const at = (lateMs: number) => connectRedisRegistry({ url: server.url, now: () => startMs - lateMs });
    const [prompt, held] = [await at(0), await at(10_000)];
    onTestFinished(async () => void (await Promise.all([prompt.close(), held.close()])));
    await prompt.heartbeat(beatOf("a"));
    await held.heartbeat(beatOf("b"));
    const { items } = await prompt.listNodes({ limit: 9 });
    expect(items.map(({ nodeId, lastBeatMs }) => ({ nodeId, lastBeatMs }))).toEqual([
      { nodeId: "a", lastBeatMs: startMs },
      { nodeId: "b", lastBeatMs: startMs },
    ]);
  });

  it("gives up a connection whose server hangs, and not more than that", async () => {
    const { server, registry } = await setUp(ADAPTERS[0]?.[1] as Connect);
    await registry.ping();
    await server.signal("SIGSTOP");
    const clients = async () => (await server.command("INFO clients")).match(/connected_clients:(\d+)/)?.[1];
    // Long enough for several connections to be given up in turn.
    const stopped = performance.now() + 7_000;
    while (performance.now() < stopped) await registry.ping().catch(() => {});
    await server.signal("SIGCONT");
    await expect.poll(() => answers(registry), PATIENT).toBe(true);
    await expect.poll(clients, PATIENT).toBe("2");
  }, 60_000);

  it("does not take a standstill of its own process for Redis's: the heartbeat that was under way is answered", async () => {
    const { registry } = await setUp(ADAPTERS[0]?.[1] as Connect);
    await registry.heartbeat(beatOf("a"));
    for (const standstillMs of [1_500, 4_000]) {
      const beat = registry.heartbeat(beatOf("a"));
      await new Promise((resolve) => setImmediate(resolve));
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, standstillMs);
      await expect(beat).resolves.toMatchObject({ lost: [] });
      await expect(registry.heartbeat(beatOf("a"))).resolves.toMatchObject({ lost: [] });
    }
  }, 60_000);
});

describe("the redis registry in a cluster", () => {
  it("follows its slot to another node, and finds it again when the cluster was restarted", async () => {
    const [former, latter] = [await startRedis({ isCluster: true }), await startRedis({ isCluster: true })];
    onTestFinished(async () => void (await Promise.all([former.close(), latter.close()])));
    const registry = await connectRedisRegistry({ url: former.url, isCluster: true });
    onTestFinished(() => registry.close());
    await registry.heartbeat(beatOf("a"));
    await moveSlot(former, latter, "{fairlead}:");
    await expect
      .poll(() => registry.heartbeat(beatOf("a")).catch(() => null), PATIENT)
      .toMatchObject({ lost: [] });
    expect(await latter.command("DBSIZE")).not.toMatch(/^:0/);
    await latter.restart();
    await expect.poll(() => answers(registry), PATIENT).toBe(true);
  }, 60_000);
});

/** Makes a cluster of the two, in which `latter` has the slot of `key` and `former` all others. */
async function moveSlot(former: RedisServer, latter: RedisServer, key: string): Promise<void> {
  await latter.command("CLUSTER DELSLOTSRANGE 0 16383");
  await former.command(`CLUSTER MEET 127.0.0.1 ${latter.port} ${latter.clusterPort}`);
  await expect.poll(() => latter.command("CLUSTER INFO"), PATIENT).toMatch(/cluster_known_nodes:2[\s\S]*/);
  await expect.poll(() => latter.command("CLUSTER INFO"), PATIENT).toMatch(/cluster_state:ok/);
  await former.flush();
  const slot = (await former.command(`CLUSTER KEYSLOT ${key}`)).trim().slice(1);
  const [id] = (await latter.command("CLUSTER MYID")).match(/[0-9a-f]{40}/) ?? [];
  for (const node of [latter, former]) await node.command(`CLUSTER SETSLOT ${slot} NODE ${id}`);
}

/** How Redis answers `TIME`: seconds, and the rest in microseconds. */
const TIME_REPLY = /(\*2\r\n\$10\r\n)(\d{10})(\r\n\$\d\r\n\d+\r\n)/g;

it.each([90, -90])(
  "where half of the processes see Redis's clock step by %i s, a dead node loses its room and no living one does",
  async (stepS) => {
    const server = await startRedis();
    let aheadS = 0;
    const relay = await startTcpRelay(server.port, {
      rewrite: (chunk) =>
        Buffer.from(
          chunk
            .toString("latin1")
            .replace(TIME_REPLY, (_, head, seconds, rest) => `${head}${Number(seconds) + aheadS}${rest}`),
          "latin1",
        ),
    });
    const straight = await connectRedisRegistry({ url: server.url, policy: { coldMs: 0 } });
    const stepping = await connectRedisRegistry({
      url: `redis://127.0.0.1:${relay.port}`,
      policy: { coldMs: 0 },
    });
    onTestFinished(async () => {
      await Promise.all([straight.close(), stepping.close()]);
      await Promise.all([relay.close(), server.close()]);
    });
    const orphans: string[] = [];
    let behindMs = 0;
    const start = async (nodeId: string, registry: Registry) => {
      const beat = beatOf(nodeId);
      await expect.poll(() => registry.heartbeat(beat).catch(() => null), PATIENT).toBeTruthy();
      const roomId = `room-of-${nodeId}`;
      const { lease } = await registry.place({ roomId, options: roomOptions({ nodeId }) });
      const tell = async () => {
        const reply = await registry.heartbeat({ ...beat, leases: serving([lease]) });
        behindMs = Math.max(behindMs, reply.behindMs);
        orphans.push(...reply.orphans.map((orphan) => orphan.roomId));
      };
      const timer = setInterval(() => tell().catch(() => {}), 300);
      onTestFinished(() => clearInterval(timer));
      return () => clearInterval(timer);
    };
    await start("a", straight);
    await start("b", stepping);
    const [stopC, stopD] = [await start("c", straight), await start("d", stepping)];
    aheadS = stepS;
    relay.cut();
    relay.restore();
    await expect.poll(() => behindMs, PATIENT).toBeGreaterThan(80_000);
    expect(orphans).toEqual([]);
    stopC();
    stopD();
    await expect.poll(() => new Set(orphans), PATIENT).toEqual(new Set(["room-of-c", "room-of-d"]));
  },
  60_000,
);
