import { createRequire } from "node:module";
import type { Runtime } from "./runtime.ts";
import { FETCH_ENTRY, startSignalingProcess } from "./start-signaling-process.ts";

/** The executable itself, which npm's `bun` only finds in an install with scripts. */
export function bunProgram(): string {
  const arch = process.arch === "arm64" ? "aarch64" : process.arch;
  return createRequire(createRequire(import.meta.url).resolve("bun/package.json")).resolve(
    `@oven/bun-${process.platform}-${arch}/bin/bun`,
  );
}

/** A signaling process on real Bun, as deploy/bun says. */
export function startBun(env: Record<string, string>, name = "bun", port?: number) {
  return startSignalingProcess({ name, command: [bunProgram(), "run", FETCH_ENTRY], env, port });
}

export const bunRuntime: Runtime = {
  name: "bun",
  nats: "tcp",
  redis: "resp",
  hasWebSocket: true,
  start: startBun,
};
