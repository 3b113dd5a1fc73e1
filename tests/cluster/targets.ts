import type { ProcessCluster } from "../support/clusters/start-process-cluster.ts";

/** Something that can be killed, stalled and started again: a process of ours, or a server. */
export type Target = {
  pid(): number;
  kill(signal: NodeJS.Signals): Promise<void>;
  signalGroup(signal: NodeJS.Signals): void;
  restart(): Promise<void>;
};

/** All that there is, by name. */
export function targetsOf({ processes, scaledNodes, redis, nats }: ProcessCluster): Record<string, Target> {
  const server = (pid: () => number, kill: Target["kill"], restart: Target["restart"]): Target => ({
    pid,
    kill,
    restart,
    signalGroup: (verb) => void kill(verb),
  });
  return {
    ...Object.fromEntries(processes.map((one) => [one.name, one])),
    ...Object.fromEntries((scaledNodes?.list() ?? []).map(({ name, pid }) => [name, scaledNode(pid)])),
    redis: server(redis.pid, redis.signal, redis.restart),
    nats: server(nats.pid, nats.kill, nats.restart),
  };
}

/** One that the autoscaler had started. */
function scaledNode(pid: number): Target {
  return {
    pid: () => pid,
    kill: async (signal) => void process.kill(pid, signal),
    signalGroup: (signal) => process.kill(-pid, signal),
    restart: async () => {
      throw new Error("the autoscaler starts another one");
    },
  };
}

/** @throws {Error} Says whom there is. */
export function targetOf(cluster: ProcessCluster, name: string): Target {
  const targets = targetsOf(cluster);
  const target = targets[name];
  if (!target) throw new Error(`there is ${Object.keys(targets).join(", ")}`);
  return target;
}
