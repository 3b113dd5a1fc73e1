import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { connectRedis } from "../support/servers/connect-redis.ts";
import { type RedisServer, startRedis } from "../support/servers/start-redis.ts";
import { ClusterModel } from "./cluster-model.ts";
import { PATIENT, prefixedAdapter } from "./redis-adapter.ts";
import type { RegistryAdapter } from "./registry-adapter.ts";
import { liveBeatOf } from "./registry-contract-lives.ts";
import type { Step } from "./registry-steps.ts";
import { lookAt, takeStep } from "./take-step.ts";

const USERS = join(import.meta.dirname, "../../deploy/redis/users.acl");
const PASSWORD = "password-of-the-tests";

let server: RedisServer;
let url: string;
beforeAll(async () => {
  server = await startRedis();
  const [, rules = ""] = readFileSync(USERS, "utf8").match(/^user fairlead (.*)$/m) ?? [];
  await server.command(`ACL SETUSER fairlead ${rules.replace("PASSWORD", PASSWORD)}`);
  url = `redis://fairlead:${PASSWORD}@127.0.0.1:${server.port}`;
});
afterAll(() => server?.close());

describe("the user of deploy/redis", () => {
  it("may do all that the registry does", async () => {
    const adapter = await connectAdapter();
    const model = new ClusterModel();
    for (const step of LIFE) await takeStep(step, adapter, model);
    const { rooms, nodes } = await lookAt(adapter);
    expect(rooms.map(({ roomId, lease }) => [roomId, lease?.nodeId])).toEqual([["r1", "b"]]);
    expect(nodes.map(({ nodeId }) => nodeId)).toEqual(["b"]);
    await adapter.registry.beatLive(liveBeatOf("live-1"));
    expect((await adapter.registry.listLives({ limit: 1 })).items).toHaveLength(1);
    await adapter.registry.removeLive({ nodeId: "live-1", incarnation: "live-1-run-1" });
    await adapter.registry.ping();
  });

  it.each([
    [["FLUSHALL"]],
    [["KEYS", "*"]],
    [["CONFIG", "GET", "*"]],
    [["SHUTDOWN"]],
    [["ACL", "LIST"]],
    [["REPLICAOF", "NO", "ONE"]],
    [["BLPOP", "{fairlead}:x", "1"]],
    [["SUBSCRIBE", "x"]],
    [["SET", "another", "1"]],
    [["GET", "another"]],
    [["EVAL", "return redis.call('FLUSHALL')", "0"]],
    [["EVAL", "return redis.call('GET', 'another')", "0"]],
  ])("may not %j", async (command) => {
    const client = await connectRedis(url);
    onTestFinished(() => client.destroy());
    await expect(client.sendCommand(command)).rejects.toThrow(/NOPERM|can't (run|access)/);
  });
});

/** With its own clock, and the one prefix that the user may use. */
async function connectAdapter(): Promise<RegistryAdapter> {
  const adapter = await prefixedAdapter(({ now }) =>
    connectRedisRegistry({ url, now, policy: { coldMs: 0 }, ...PATIENT }),
  );
  onTestFinished(() => adapter.close());
  return adapter;
}

const idle = [{ cpuLoad: 0, usable: true, peers: 0 }];
const beat = {
  do: "beat",
  cores: idle,
  networkLoad: 0,
  settles: 1,
  seats: 0,
  peersNow: 1,
  observed: [],
  suspects: [],
} as const;
const place = {
  do: "place",
  withPeer: true,
  opens: true,
  labels: [],
  exclude: [],
  supersedes: false,
  rates: [],
} as const;
const broadcast = {
  do: "broadcast",
  roomId: "show",
  neededForMs: 0,
  options: true,
  ifRevision: "known",
  epoch: "none",
} as const;
const rates = [{ name: "address", subject: "192.0.2.1", limit: 2, windowMs: 60_000 }];

/** Every method, and a node's death with what it leaves behind. */
const LIFE: Step[] = [
  { ...beat, node: "a", names: "all", observed: [{ kind: "meeting", load: 0.01 }] },
  { ...place, roomId: "r1", rates },
  { do: "count", rates },
  { ...place, roomId: "r2", options: { kind: "broadcast", labels: [], nodeId: "a" } },
  { ...beat, node: "a", names: "changed" },
  { do: "update", roomId: "r1", patch: "ban" },
  { do: "update", roomId: "r1", patch: "mute" },
  { do: "update", roomId: "r2", patch: "defaults" },
  { do: "release", roomId: "r2", isStale: false },
  { ...broadcast, state: "created" },
  { ...broadcast, state: "ended" },
  { ...broadcast, state: "removed", options: false },
  { do: "bus", nodes: ["a"], isConnected: false },
  { do: "pass", beats: 4, everyMs: 500, nodes: ["a", "b"] },
  { do: "pass", beats: 8, everyMs: 500, nodes: ["b"] },
  { do: "inherit", node: "b", suspects: false },
  { do: "pass", beats: 1, everyMs: 500, nodes: ["b"] },
  { do: "restart", node: "a", labels: [], saysGoodbye: true },
  { do: "look", roomId: "r1", limit: 1, node: "b" },
].map((step) => structuredClone(step) as Step);
