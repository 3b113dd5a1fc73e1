import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serveRedisRest } from "@fairlead/redis-rest";
import { createUpstashRegistry } from "@fairlead/registry/upstash";
import { Redis } from "@upstash/redis";
import { expect, it, onTestFinished } from "vitest";
import { startRedis } from "../support/servers/start-redis.ts";
import { beatOf, placePeer, serving } from "./registry-adapter.ts";

const USERS = join(import.meta.dirname, "../../deploy/redis/users.acl");
const TOKEN = "a-token-of-the-tests";

/** A real Redis with the user of deploy/redis, and the REST process as that user. */
async function setUp() {
  const server = await startRedis();
  onTestFinished(() => server.close());
  const [, rules] = /^user fairlead (.*)$/m.exec(readFileSync(USERS, "utf8")) ?? [];
  await server.command(`ACL SETUSER fairlead ${rules?.replace("PASSWORD", "password")}`);
  const redisUrl = server.url.replace("redis://", "redis://fairlead:password@");
  const rest = await serveRedisRest({ redisUrl, token: TOKEN });
  onTestFinished(() => rest.close());
  const redis = new Redis({ url: rest.url, token: TOKEN, enableTelemetry: false, retry: { retries: 0 } });
  const errors: Error[] = [];
  const registry = createUpstashRegistry({
    url: rest.url,
    token: TOKEN,
    timeoutMs: 10_000,
    heartbeatTimeoutMs: 10_000,
    policy: { coldMs: 0 },
    onError: (error) => error instanceof Error && errors.push(error),
  });
  return { server, redis, registry, errors };
}

it("over REST, as the user of deploy/redis the registry does all its work", async () => {
  const { registry } = await setUp();
  await registry.ping();
  await registry.heartbeat(beatOf("a"));
  const { lease, debitId } = await placePeer(registry, "standup");
  await registry.heartbeat(beatOf("a", { leases: serving([lease]), settledDebits: [debitId] }));
  await registry.updateRoom("standup", { ban: { identity: "eve" } });
  expect((await registry.listRooms({ limit: 9 })).items).toHaveLength(1);
  expect((await registry.listNodes({ limit: 9 })).items).toHaveLength(1);
  await registry.release(lease);
  await registry.removeNode(lease.incarnation);
  expect((await registry.describeRoom("standup"))?.bannedIdentities).toEqual(["eve"]);
});

it.each(["FLUSHALL", "KEYS', '*", "GET', 'another"])(
  "and a script of it may not call %s",
  async (command) => {
    const { redis, registry } = await setUp();
    await registry.updateRoom("standup", { ban: { identity: "eve" } });
    const script = redis.eval(`return redis.call('${command}')`, ["{fairlead}:"], []);
    await expect(script).rejects.toThrow(/NOPERM|ACL failure|can't (access|run this command)/);
    expect((await registry.describeRoom("standup"))?.bannedIdentities).toEqual(["eve"]);
  },
);

it("an error tells nothing of the command that failed", async () => {
  const { server, registry, errors } = await setUp();
  await server.command("ACL SETUSER fairlead -@scripting");
  await expect(registry.updateRoom("standup", { ban: { identity: "eve-the-secret" } })).rejects.toMatchObject(
    {
      code: "registry_unreachable",
    },
  );
  expect(errors.map(({ message }) => message)).toEqual([expect.stringContaining("NOPERM")]);
  expect(errors[0]?.message).not.toMatch(/command was|eve-the-secret/);
});
