import { connectRedisRegistry } from "@fairlead/registry/redis";
import { describe, expect, it } from "vitest";
import { expectSameView } from "../support/expect-same-view.ts";
import type { RedisServer } from "../support/servers/start-redis.ts";
import { expectConsistent } from "./expect-nothing-left.ts";
import { useProcessCluster } from "./use-process-cluster.ts";

const chaos = useProcessCluster({ name: "redis" });

/** Longer than any node's life without a heartbeat. */
const AWAY_MS = 4_000;

const FAULTS: [
  what: string,
  begin: (redis: RedisServer) => Promise<unknown>,
  end: (redis: RedisServer) => Promise<unknown>,
][] = [
  ["is stopped, and comes back empty", (redis) => redis.signal("SIGKILL"), (redis) => redis.restart()],
  ["stalls (SIGSTOP), and goes on", (redis) => redis.signal("SIGSTOP"), (redis) => redis.signal("SIGCONT")],
];

describe("Redis", () => {
  it.each(FAULTS)(
    "%s: running rooms don't notice, and can be joined; new ones begin",
    async (_, begin, end) => {
      const { cluster } = chaos;
      const meeting = await chaos.meet();
      const before = await meeting.state();
      const fresh = cluster.newRoom();

      await begin(cluster.redis);
      const late = await cluster.join(meeting.room, "late");
      await late.until(() => late.view.peers.size === 4, "everybody");
      const [ann, bob] = [await cluster.join(fresh, "ann"), await cluster.join(fresh, "bob")];
      await ann.until(() => ann.view.peers.size === 2, "Bob");
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
      await meeting.expectMedia();
      await end(cluster.redis);

      await expectConsistent(cluster, { rooms: 2, peers: 6 });
      const marked = cluster.signalings.flatMap(({ log }) => log).filter(({ roomId }) => roomId === fresh);
      expect(marked.map(({ reason }) => reason)).toContain("rendezvous");
      await late.leave();
      await meeting.expectUndisturbed(before);
      // Whatever a Redis that went on did with questions from before, the room stays where its peers are.
      for (const client of [ann, bob])
        await client.command("producers.unsubscribe", { producerIds: ["none"] });
      expect([ann, bob].flatMap((client) => client.framesOf("moved"))).toEqual([]);
      await expectSameView(ann, bob);
      await Promise.all([ann.leave(), bob.leave()]);
      await cluster.api("DELETE", `/v1/rooms/${fresh}`);
    },
  );

  it.each<[string, (redis: RedisServer) => Promise<unknown>]>([
    ["is flushed", (redis) => redis.flush()],
    ["is restarted at once", (redis) => redis.restart()],
  ])(
    "%s: the index comes back from the nodes, with those who are banned, and nothing moves",
    async (_, fault) => {
      const { cluster } = chaos;
      const meeting = await chaos.meet();
      const before = await meeting.state();
      const ban = `/v1/rooms/${meeting.room}/bans/mallory`;
      await cluster.api("PUT", ban);

      await fault(cluster.redis);
      const late = await cluster.join(meeting.room, "late");
      await late.until(() => late.view.peers.size === 4, "everybody");
      await expectConsistent(cluster, { rooms: 1, peers: 4 });
      const registry = await connectRedisRegistry({ url: cluster.redis.url });
      const banned = async () => (await registry.describeRoom(meeting.room))?.bannedIdentities;
      await expect.poll(banned, { timeout: 10_000 }).toEqual(["mallory"]);
      await registry.close();
      await cluster.api("DELETE", ban);
      await late.leave();
      await meeting.expectUndisturbed(before);
    },
  );
});
