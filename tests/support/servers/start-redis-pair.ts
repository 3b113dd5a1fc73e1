import { setTimeout as delay } from "node:timers/promises";
import { startTcpRelay } from "../tcp-relay.ts";
import { startRedis } from "./start-redis.ts";

export type RedisPair = Awaited<ReturnType<typeof startRedisPair>>;

const IN_STEP_MS = 20_000;

/**
 * A primary and its replica behind one address, as a managed Redis has them. A failover changes where new connections go; connections to
 * the former primary stay open.
 */
export async function startRedisPair() {
  const first = await startRedis();
  const second = await startRedis({ args: ["--replicaof", "127.0.0.1", `${first.port}`] });
  let primary = first;
  const front = await startTcpRelay(() => primary.port);
  await untilInStep(() => second.command("INFO replication"));
  /** The replica hears no more: what the primary is told from now on is lost by the failover. */
  const detach = async () => void (await second.command("REPLICAOF NO ONE"));
  return {
    url: `redis://127.0.0.1:${front.port}`,
    /** Of the common address. */
    port: front.port,
    first,
    second,
    /** The one of them that new connections reach. */
    get primary() {
      return primary;
    },
    detach,
    failOver: async () => {
      await detach();
      await first.command(`REPLICAOF 127.0.0.1 ${second.port}`);
      primary = second;
    },
    close: async () => {
      await front.close();
      await Promise.all([first.close(), second.close()]);
    },
  };
}

async function untilInStep(replication: () => Promise<string>): Promise<void> {
  const deadline = Date.now() + IN_STEP_MS;
  while (!(await replication()).includes("master_link_status:up")) {
    if (Date.now() > deadline) throw new Error("the replica does not reach its primary");
    await delay(20);
  }
}
