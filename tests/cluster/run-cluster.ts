import { execFileSync } from "node:child_process";
import { createInterface } from "node:readline";
import { findProgram } from "../setup/programs.ts";
import { providePrograms } from "../setup/provide-programs.ts";
import { type ProcessCluster, startProcessCluster } from "../support/clusters/start-process-cluster.ts";
import { Closers } from "../support/processes/closers.ts";
import { freePort } from "../support/servers/free-port.ts";
import { runCommand } from "./commands.ts";
import { listenForCommands } from "./control-socket.ts";
import type { StartArguments } from "./read-arguments.ts";
import { serveFront } from "./serve-front.ts";

const LOOK_EVERY_MS = 500;
/** On one machine. */
const MOST_NODES = 8;
/** Somebody looks on: nodes start within seconds here, and go after a minute instead of ten. */
const QUICK = {
  FAIRLEAD_SCALE_EVERY_MS: "1000",
  FAIRLEAD_SCALE_START_MS: "30000",
  FAIRLEAD_SCALE_SETTLE_MS: "60000",
  FAIRLEAD_SCALE_BELOW_MS: "30000",
  FAIRLEAD_SCALE_DRAIN_MS: "60000",
};

/** Until Ctrl-C, or the end of the npm that runs it. */
export async function runCluster({ port: asked, nodes, isScaled, ...counts }: StartArguments): Promise<void> {
  const closers = new Closers();
  const stop = async () => {
    await closers.closeAll();
    process.exit(0);
  };
  // Also while it starts. Its processes are in groups of their own, which Ctrl-C does not reach.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => void stop());
  if (process.env.npm_lifecycle_event) onParentEnded(() => void stop());
  const port = asked === 0 ? await freePort() : asked;
  execFileSync("npm", ["run", "--silent", "build:web"], { stdio: ["ignore", "ignore", "inherit"] });
  providePrograms(console.log, ["nats-server", "redis-server"]);
  const hasRtmp = findProgram("ffmpeg") !== undefined;
  if (!hasRtmp) console.log("No ffmpeg here: broadcasts come in by WebRTC alone");
  console.log("Starting nats-server, redis-server, signaling and media nodes…");
  const cluster = await startProcessCluster({
    name: "cluster",
    ...counts,
    lives: hasRtmp ? 1 : 0,
    ...(isScaled
      ? { scaled: { min: nodes, max: MOST_NODES, env: QUICK } }
      : { nodes: Array.from({ length: nodes }, () => ({ link: "relayed" as const })) }),
    env: { FAIRLEAD_PUBLIC_URL: `http://localhost:${port}` },
  });
  closers.add(cluster);
  const { url: signalingUrl, ticketKeys, apiKey } = cluster;
  const [live] = cluster.lives;
  const rtmpUrl = live ? `rtmp://localhost:${live.port}/live` : null;
  const hlsOrigins = cluster.lives.map(({ hlsUrl }) => new URL(hlsUrl).origin);
  const front = await serveFront({ port, signalingUrl, ticketKeys, apiKey, rtmpUrl, hlsOrigins });
  closers.add(front);
  const stopListening = await listenForCommands((line) => runCommand(cluster, line));
  closers.add({ close: stopListening });
  console.log(greeting(front.url, cluster));
  for await (const line of createInterface({ input: process.stdin })) {
    if (line.trim() !== "") console.log(await runCommand(cluster, line));
  }
}

/** npm hands signals on, but for the one that it can't hear. */
function onParentEnded(act: () => void): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    act();
  }, LOOK_EVERY_MS);
  timer.unref();
}

function greeting(url: string, { apiKey, logFolder, redis, nats, lives }: ProcessCluster): string {
  return [
    "",
    `The page: ${url}   (open it in two tabs, join the same room; broadcasts: ${url}/studio)`,
    `The API:  ${url}/v1/docs   with the API key ${apiKey}`,
    `          curl -H 'authorization: Bearer ${apiKey}' ${url}/v1/nodes`,
    ...lives.map(({ port }) => `RTMP:     rtmp://localhost:${port}/live   with a broadcast's stream key`),
    `Servers:  ${nats.tcpUrl}  ${redis.url}`,
    `Logs:     ${logFolder}`,
    "",
    'Break it: type "kill node-1", "stop node-2", "restart redis", "status"; "help" lists all.',
    "From another shell: npm run cluster -- --kill node-1",
    "Ctrl-C stops all of it.",
  ].join("\n");
}
