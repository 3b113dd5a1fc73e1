import { join } from "node:path";
import { startProcessCluster } from "../../support/clusters/start-process-cluster.ts";
import { requestTicket } from "../join/measure-joins.ts";
import { startChild } from "../processes/ask-child.ts";
import { startStandalone } from "../processes/start-standalone.ts";
import { cpuMsOf } from "../signaling/process-cost.ts";
import type { MinimalTasks } from "./minimal-server.ts";

/** A server whose rooms the crowd joins. */
export type RoomServer = {
  url: string;
  ticket(room: string): Promise<string>;
  /** More peers than a room's default may come. */
  enlarge(room: string): Promise<void>;
  /** CPU that all its processes have used, ms, by part. */
  cpuMs(): Promise<Record<string, number>>;
  close(): Promise<void>;
};

const OPTIONS = { maxPeers: 5_000 };
/** All peers come from one address, into one room. */
const NO_LIMITS = {
  FAIRLEAD_LIMIT_ADDRESS: "off",
  FAIRLEAD_LIMIT_ROOM: "off",
  FAIRLEAD_LIMIT_UNJOINED: "1000",
};
/** The room is on one of them. */
const CORES = "2";

/** What `npm start` starts: node and signaling in one process. */
export async function openStandalone(): Promise<RoomServer> {
  const server = await startStandalone({ FAIRLEAD_CORES: CORES });
  const workers = () => server.log.flatMap(({ msg, pid }) => (msg === "worker.started" ? Number(pid) : []));
  return {
    url: `${server.url.replace("http", "ws")}/v1/connect`,
    ticket: (room) => requestTicket(server, room),
    enlarge: async (room) => {
      const headers = { authorization: `Bearer ${server.apiKey}`, "content-type": "application/json" };
      const body = JSON.stringify(OPTIONS);
      await fetch(`${server.url}/v1/rooms/${room}`, { method: "PUT", headers, body });
    },
    cpuMs: async () => ({ process: await cpuMsOf(server.pid), workers: await cpuOfAll(workers()) }),
    close: server.close,
  };
}

/** One signaling process and one node over real NATS and Redis; NATS and Redis themselves are not counted. */
export async function openCluster(): Promise<RoomServer> {
  const cluster = await startProcessCluster({
    name: "bench-big-room",
    signaling: 1,
    nodes: 1,
    cores: Number(CORES),
    env: NO_LIMITS,
  });
  const [signaling, node] = [cluster.signalings[0], cluster.node("node-1")];
  return {
    url: `${signaling?.url.replace("http", "ws")}/v1/connect`,
    ticket: (room) => cluster.ticket(room, crypto.randomUUID()),
    enlarge: async (room) => void (await cluster.api("PUT", `/v1/rooms/${room}`, OPTIONS)),
    cpuMs: async () => ({
      signaling: await cpuMsOf(signaling?.pid() ?? 0),
      node: await cpuMsOf(node.pid()),
      workers: await cpuOfAll(node.workerPids()),
    }),
    close: cluster.close,
  };
}

/** The bench's own. Its one room is every room. */
export async function openMinimal(): Promise<RoomServer> {
  const child = startChild<MinimalTasks>(join(import.meta.dirname, "minimal-server.ts"));
  const { url, workerPid } = await child.ask("open", null);
  return {
    url,
    ticket: async () => "minimal-server-without-tickets",
    enlarge: async () => {},
    cpuMs: async () => ({ process: await cpuMsOf(child.pid), workers: await cpuMsOf(workerPid) }),
    close: child.close,
  };
}

async function cpuOfAll(pids: readonly number[]): Promise<number> {
  const times = await Promise.all(pids.map((pid) => cpuMsOf(pid)));
  return times.reduce((sum, ms) => sum + ms, 0);
}
