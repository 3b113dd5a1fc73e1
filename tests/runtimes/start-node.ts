import { join } from "node:path";
import { startProcess } from "../support/processes/start-process.ts";
import { freePort } from "../support/servers/free-port.ts";
import type { Instance, Runtime } from "./runtime.ts";

const ROOT = join(import.meta.dirname, "../..");
const MAIN = join(ROOT, "apps/signaling/src/main.ts");

/** A signaling process on Node, as `npm run signaling` starts it. */
export async function startNode(env: Record<string, string>, name: string): Promise<Instance> {
  const port = await freePort();
  const { pid, kill, close } = await startProcess({
    name,
    command: [process.execPath, "--experimental-strip-types", "--disable-warning=ExperimentalWarning", MAIN],
    readyEvent: "process.started",
    logFile: join(ROOT, "artifacts/logs", `${name}.log`),
    env: { ...env, FAIRLEAD_PORT: `${port}` },
  });
  return { url: `http://127.0.0.1:${port}`, pid, kill: () => kill("SIGKILL"), close };
}

export const nodeRuntime: Runtime = {
  name: "node",
  nats: "tcp",
  redis: "resp",
  hasWebSocket: true,
  start: startNode,
};
