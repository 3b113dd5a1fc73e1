import { parseArgs } from "node:util";
import { COMMAND_LIST, COMMANDS } from "./commands.ts";

export type Arguments =
  | { kind: "help" }
  /** For the cluster that runs: `kill node-2`. */
  | { kind: "command"; line: string }
  | StartArguments;

export type StartArguments = {
  kind: "start";
  signaling: number;
  nodes: number;
  cores: number;
  /** An autoscaler has as many nodes as are needed; `nodes` are the fewest. */
  isScaled: boolean;
  /** 0: a free one. */
  port: number;
};

export const USAGE = `Usage: npm run cluster -- [options]
  --signaling N  signaling processes (default 2)
  --nodes N      media nodes (default 3)
  --autoscale    an autoscaler has more of them as they are needed, and fewer again (from 2 on)
  --cores N      workers of each node (default 1)
  --port N       of the page and the API (default: a free one)
Faults, for the cluster that runs, from another shell as \`npm run cluster -- --kill node-2\`, or typed into its own as
\`kill node-2\`; names are node-N, signaling-N, redis, nats:
${COMMAND_LIST}`;

/** Those that take a name. */
const VERBS = Object.keys(COMMANDS).filter((verb) => verb !== "status");

/** @throws {Error} Names what is wrong. */
export function readArguments(args: string[]): Arguments {
  const counts = { signaling: "2", nodes: "3", cores: "1", port: "0" };
  const { values } = parseArgs({
    args,
    options: {
      help: { type: "boolean", default: false },
      status: { type: "boolean", default: false },
      autoscale: { type: "boolean", default: false },
      ...options(Object.keys(counts)),
      ...options(VERBS),
    },
  });
  if (values.help) return { kind: "help" };
  if (values.status) return { kind: "command", line: "status" };
  const given: Record<string, string | boolean | undefined> = values;
  const verb = VERBS.find((name) => given[name] !== undefined);
  if (verb) return { kind: "command", line: `${verb} ${given[verb]}` };
  const { autoscale: isScaled } = values;
  const defaults = isScaled ? { ...counts, nodes: "2" } : counts;
  const count = (name: keyof typeof counts, min: number, max: number) =>
    wholeNumber(name, String(given[name] ?? defaults[name]), min, max);
  return {
    kind: "start",
    signaling: count("signaling", 1, 20),
    nodes: count("nodes", isScaled ? 2 : 1, 50),
    cores: count("cores", 1, 64),
    port: count("port", 0, 65_535),
    isScaled,
  };
}

function options(names: readonly string[]): Record<string, { type: "string" }> {
  return Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
}

function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`--${name} ${text}: must be a whole number from ${min} to ${max}`);
}
