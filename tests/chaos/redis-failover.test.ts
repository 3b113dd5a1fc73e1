import { describe, expect, it } from "vitest";
import { expectConsistent } from "./expect-nothing-left.ts";
import { useProcessCluster } from "./use-process-cluster.ts";

const chaos = useProcessCluster({ name: "redis-failover", hasReplica: true });

/** In which a process that has not followed would be caught by every question. */
const FOLLOWED_WITHIN_MS = 20_000;

describe("a failover of Redis behind its address", () => {
  it("is followed by every process; what the replica had not heard comes back from the nodes, and nothing moves", async () => {
    const { cluster } = chaos;
    const pair = cluster.redisPair;
    if (!pair) throw new Error("this cluster has no replica");
    const meeting = await chaos.meet();
    const before = await meeting.state();
    await pair.detach();
    // Only the primary hears of this room, and it will be lost there.
    const fresh = cluster.newRoom();
    const ann = await cluster.join(fresh, "ann");
    await pair.failOver();

    const late = await cluster.join(meeting.room, "late");
    await late.until(() => late.view.peers.size === 4, "everybody");
    const bob = await cluster.join(fresh, "bob");
    await ann.until(() => ann.view.peers.size === 2, "Bob");
    await expectConsistent(cluster, { rooms: 2, peers: 6 });
    await expect
      .poll(() => readinessOf(cluster.signalings), { timeout: FOLLOWED_WITHIN_MS })
      .toEqual(cluster.signalings.map(() => ({ status: "ok", registry: "ok" })));
    // All of it is in the new primary, which nobody would reach by an old connection.
    expect(await pair.second.command(`EXISTS {fairlead}:room:${fresh}`)).toBe(":1\r\n");
    // Each with its next heartbeat.
    for (const { log, name } of cluster.nodes)
      await expect
        .poll(() => log.map(({ msg }) => msg), { message: name, timeout: FOLLOWED_WITHIN_MS })
        .toEqual(expect.arrayContaining(["registry.failed", "registry.resumed"]));

    expect([ann, bob, late].flatMap((client) => client.framesOf("moved"))).toEqual([]);
    await Promise.all([ann.leave(), bob.leave(), late.leave()]);
    await meeting.expectUndisturbed(before);
    await cluster.api("DELETE", `/v1/rooms/${fresh}`);
  });

  it("leaves readiness at 200, with the reason, while no server takes writes", async () => {
    const { cluster } = chaos;
    const primary = cluster.redisPair?.primary;
    await primary?.command("REPLICAOF 127.0.0.1 1");
    const away = { status: "ok", registry: "away", cause: "Redis: READONLY" };
    await expect
      .poll(() => readinessOf(cluster.signalings), { timeout: FOLLOWED_WITHIN_MS })
      .toEqual(cluster.signalings.map(() => away));
    await primary?.command("REPLICAOF NO ONE");
    await expect
      .poll(() => readinessOf(cluster.signalings), { timeout: FOLLOWED_WITHIN_MS })
      .toEqual(cluster.signalings.map(() => ({ status: "ok", registry: "ok" })));
  });
});

describe("eviction by a Redis that runs out of memory", () => {
  it("of the whole index is mended by the nodes, and nothing moves", async () => {
    const { cluster } = chaos;
    const redis = cluster.redisPair?.primary;
    const meeting = await chaos.meet();
    const before = await meeting.state();
    await redis?.command("CONFIG SET maxmemory-policy allkeys-random");
    await redis?.command("CONFIG SET maxmemory 1");
    await expect.poll(() => redis?.command("DBSIZE"), { timeout: FOLLOWED_WITHIN_MS }).toBe(":0\r\n");
    await redis?.command("CONFIG SET maxmemory 0");
    await redis?.command("CONFIG SET maxmemory-policy noeviction");

    const late = await cluster.join(meeting.room, "late");
    await late.until(() => late.view.peers.size === 4, "everybody");
    await expectConsistent(cluster, { rooms: 1, peers: 4 });
    await late.leave();
    await meeting.expectUndisturbed(before);
  });
});

async function readinessOf(signalings: readonly { url: string }[]): Promise<unknown[]> {
  return Promise.all(
    signalings.map(async ({ url }) => {
      const answer = await fetch(`${url}/readyz`);
      expect(answer.status).toBe(200);
      return answer.json();
    }),
  );
}
