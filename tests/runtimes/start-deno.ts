import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Runtime } from "./runtime.ts";
import { FETCH_ENTRY, startSignalingProcess } from "./start-signaling-process.ts";

/** As deploy/deno says. */
const FLAGS = [
  "run",
  "--no-lock",
  "--no-prompt",
  "--allow-net",
  "--allow-env",
  "--allow-read",
  "--allow-sys",
];

/** The executable itself: npm's `deno` is a process that starts it and hands on no signals. */
export function denoProgram(): string {
  const libc = process.platform === "linux" ? "-glibc" : "";
  const found = createRequire(createRequire(import.meta.url).resolve("deno/package.json"));
  const folder = dirname(found.resolve(`@deno/${process.platform}-${process.arch}${libc}/package.json`));
  return join(folder, "deno");
}

/** A signaling process on real Deno, as deploy/deno says. */
export function startDeno(env: Record<string, string>, name = "deno", port?: number) {
  return startSignalingProcess({ name, command: [denoProgram(), ...FLAGS, FETCH_ENTRY], env, port });
}

export const denoRuntime: Runtime = {
  name: "deno",
  nats: "tcp",
  redis: "resp",
  hasWebSocket: true,
  start: startDeno,
};
