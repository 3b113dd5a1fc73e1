import { connectNatsTcpBus } from "@fairlead/bus/nats-tcp";
import { RoomOptions } from "@fairlead/protocol";
import { connectRedisRegistry } from "@fairlead/registry/redis";
import {
  MUSTS,
  type ScriptedNode,
  sdpRequests,
  startScriptedNode,
  writeBroadcast,
} from "@fairlead/signaling/testing";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type RuntimeCluster, startRuntimeCluster } from "./start-runtime-cluster.ts";
import { workerdRuntime } from "./start-workerd.ts";

const BEAT_MS = 500;
const POLL = { timeout: 15_000, interval: 100 };

let cluster: RuntimeCluster;
let parts: Awaited<ReturnType<typeof startScripted>>;
let url: string;

beforeAll(async () => {
  const env = { FAIRLEAD_LIMIT_ADDRESS: "off", FAIRLEAD_LIMIT_ROOM: "off" };
  cluster = await startRuntimeCluster({ name: "rfc-9725", cores: 1, env });
  parts = await startScripted(cluster);
  ({ url } = await cluster.start(workerdRuntime, "only", {
    FAIRLEAD_PUBLIC_URL: "https://meet.example.org",
  }));
});
afterAll(async () => {
  await parts?.close();
  await cluster?.close();
});

/** The broadcast `launch` on a node of the test's own, beside the cluster's real one. */
async function startScripted({ site }: RuntimeCluster) {
  const { tcpUrl } = site.nats;
  const [bus, registry] = await Promise.all([
    connectNatsTcpBus({ servers: [tcpUrl], ...site.nats.users.node, inboxPrefix: "_INBOX_node" }),
    connectRedisRegistry({ url: site.redis.url }),
  ]);
  let node = await startScriptedNode(bus, registry);
  const beats = setInterval(() => void node.beat().catch(() => {}), BEAT_MS);
  const key = await writeBroadcast(registry, "launch", { visibility: "public" });
  await registry.updateRoom("launch", {
    options: RoomOptions.parse({ kind: "broadcast", nodeId: "node-a" }),
  });
  // A registry that has come up empty places nothing for a second.
  await vi.waitFor(async () => {
    expect((await registry.place({ roomId: "launch" })).lease.nodeId).toBe("node-a");
  }, POLL);
  return {
    key,
    /** Its calls from now on; one that was killed is started again. */
    freshNode: async (): Promise<Pick<ScriptedNode, "callsTo" | "refuseNext" | "kill">> => {
      node.kill();
      node = await startScriptedNode(bus, registry);
      await bus.flush();
      return node;
    },
    close: async () => {
      clearInterval(beats);
      await Promise.all([registry.close(), bus.close()]);
    },
  };
}

describe("RFC 9725 on workerd", () => {
  it.each(MUSTS)("§ %s: %s", async (_section, _sentence, hold) => {
    const call = (method: string, path: string, body: string | undefined, given: Record<string, string>) => {
      const headers = new Headers(given);
      if (given.Authorization === "") headers.delete("Authorization");
      return fetch(`${url}${path}`, {
        method,
        headers,
        redirect: "manual",
        ...(body === undefined ? {} : { body }),
      });
    };
    const { key } = parts;
    await hold({ ...sdpRequests(call, key), key, node: await parts.freshNode() });
  });
});
