import type { ProcessCluster } from "../support/clusters/start-process-cluster.ts";
import { describeCluster } from "./describe-cluster.ts";
import { targetOf } from "./targets.ts";

type Command = {
  /** One line on its effect, for a list of all. */
  does: string;
  run(cluster: ProcessCluster, name: string): Promise<string>;
};

const signal = (verb: NodeJS.Signals, does: string, done: string): Command => ({
  does,
  run: async (cluster, name) => {
    const target = targetOf(cluster, name);
    if (verb === "SIGSTOP" || verb === "SIGCONT") target.signalGroup(verb);
    else await target.kill(verb);
    return `${name} ${done}`;
  },
});

const drain = (method: "POST" | "DELETE", does: string): Command => ({
  does,
  run: async ({ api }, name) => {
    const { state, rooms } = await api<{ state: string; rooms: number }>(method, `/v1/nodes/${name}/drain`);
    return `${name} is ${state} and serves ${rooms} rooms`;
  },
});

const link = (act: "cut" | "restore", does: string, done: string): Command => ({
  does,
  run: async (cluster, name) => {
    const { nats } = cluster.node(name);
    if (!nats) throw new Error("its connection to NATS is direct");
    nats[act]();
    return `${name} ${done}`;
  },
});

/** Faults by hand, by verb. All but `status` take a name: `node-2`, `signaling-1`, `redis`, `nats`. */
export const COMMANDS: Record<string, Command> = {
  kill: signal("SIGKILL", "end it at once (SIGKILL)", "was killed"),
  term: signal("SIGTERM", "end it in good order (SIGTERM): a node drains first", "has ended"),
  stop: signal("SIGSTOP", "let it hang (SIGSTOP), its workers too", "hangs"),
  cont: signal("SIGCONT", "let it go on after `stop`", "goes on"),
  restart: {
    does: "start it again, empty; ends it first where it runs",
    run: async (cluster, name) => {
      await targetOf(cluster, name).restart();
      return `${name} runs again`;
    },
  },
  drain: drain("POST", "node-N: no new rooms, hand over those it has"),
  undrain: drain("DELETE", "node-N: take rooms again"),
  cut: link("cut", "node-N: its connection to NATS only; media and Redis go on", "is cut from NATS"),
  mend: link("restore", "node-N: connect it to NATS again after `cut`", "has NATS again"),
  flush: {
    does: "redis: forget everything",
    run: async ({ redis }, name) => {
      if (name !== "redis") throw new Error("only redis can be flushed");
      await redis.flush();
      return "redis is empty";
    },
  },
  status: { does: "show processes, nodes and rooms", run: (cluster) => describeCluster(cluster) },
};

export const COMMAND_LIST = Object.entries(COMMANDS)
  .map(([verb, { does }]) => `  ${verb.padEnd(8)} ${does}`)
  .join("\n");

/** @param line e.g. `kill node-2`. @returns What to tell the person who wrote it, a refusal too. */
export async function runCommand(cluster: ProcessCluster, line: string): Promise<string> {
  const [verb = "", name = ""] = line.trim().split(/\s+/);
  const command = Object.hasOwn(COMMANDS, verb) ? COMMANDS[verb] : undefined;
  if (!command) return `Commands, e.g. "kill node-2":\n${COMMAND_LIST}`;
  try {
    return await command.run(cluster, name);
  } catch (error) {
    return `${verb} ${name}: ${error instanceof Error ? error.message : error}`;
  }
}
