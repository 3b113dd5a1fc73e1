import { readFileSync } from "node:fs";
import type { NodePage } from "@fairlead/protocol";
import type { ProcessCluster } from "../support/clusters/start-process-cluster.ts";
import { targetsOf } from "./targets.ts";

/** @returns A table of the processes, and what the API says of the nodes. */
export async function describeCluster(cluster: ProcessCluster): Promise<string> {
  const nodes = await cluster.listNodes().catch((error: Error) => error);
  const lines = Object.entries(targetsOf(cluster)).map(([name, target]) => {
    const node = nodes instanceof Error ? undefined : nodes.find(({ nodeId }) => nodeId === name);
    return `${name.padEnd(12)} ${`${target.pid()}`.padEnd(8)} ${stateOf(target.pid()).padEnd(8)} ${summaryOf(node)}`;
  });
  const fault = nodes instanceof Error ? [`The API: ${nodes.message}`] : [];
  return [`${"name".padEnd(12)} ${"pid".padEnd(8)} state`, ...lines, ...fault].join("\n");
}

function summaryOf(node: NodePage["nodes"][number] | undefined): string {
  if (!node) return "";
  const sum = (of: "rooms" | "peers") => node.cores.reduce((total, core) => total + core[of], 0);
  const loads = node.cores.map(({ load }) => load.toFixed(2)).join(" ");
  const bus = node.busConnected ? "" : ", without NATS";
  return `${node.state}${bus}, rooms ${sum("rooms")}, peers ${sum("peers")}, load by core ${loads}`;
}

/** `pid (comm) state …` of /proc: T is stopped by a signal, Z ended. */
function stateOf(pid: number): "runs" | "hangs" | "ended" {
  try {
    const state = /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1];
    return state === "T" ? "hangs" : state === "Z" ? "ended" : "runs";
  } catch {
    return "ended";
  }
}
