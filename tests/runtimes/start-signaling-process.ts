import { join } from "node:path";
import { startProcess } from "../support/processes/start-process.ts";
import { freePort } from "../support/servers/free-port.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Of Bun and Deno, which run the same file. */
export const FETCH_ENTRY = join(ROOT, "apps/signaling/src/fetch.ts");

export type SignalingProcessOptions = {
  /** Of the log: `artifacts/logs/NAME.log`. */
  name: string;
  command: readonly string[];
  env: Record<string, string>;
  /** Default: a free one. */
  port?: number;
};

/** A signaling process on a runtime of its own. */
export async function startSignalingProcess({ name, command, env, port }: SignalingProcessOptions) {
  const listenPort = port ?? (await freePort());
  const started = await startProcess({
    name,
    command,
    readyEvent: "process.started",
    logFile: join(ROOT, "artifacts/logs", `${name}.log`),
    env: { ...env, FAIRLEAD_HOST: "127.0.0.1", FAIRLEAD_PORT: `${listenPort}` },
  });
  return { ...started, url: `http://127.0.0.1:${listenPort}` };
}
