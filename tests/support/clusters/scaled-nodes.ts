import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalDriver } from "@fairlead/autoscaler/local-driver";
import { silentLogger } from "@fairlead/telemetry";
import type { ManagedProcess } from "../processes/start-process.ts";
import { startProcess } from "../processes/start-process.ts";
import { launch, NODE_FLAGS, natsEnv, ROOT, redisUrl, type ScaleChoice, type Site } from "./launch.ts";

/** Of all nodes that name none. */
const GROUP = "default";
const END_MS = 60_000;

/** Nodes that come and go as an autoscaler has them. */
export type ScaledNodes = {
  autoscalers: ManagedProcess[];
  /** Their node ids and process ids now. */
  list(): { name: string; pid: number }[];
  /** Starts one autoscaler more, which waits. */
  addAutoscaler(): Promise<ManagedProcess>;
};

/** Starts the fewest nodes, as nobody scales a cluster that nobody is heard of, and an autoscaler for the rest. */
export async function startScaledNodes(
  site: Site,
  choice: ScaleChoice,
  { apiUrl, apiKey }: { apiUrl: string; apiKey: string },
): Promise<ScaledNodes> {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-nodes-"));
  const list = () => processesIn(folder);
  const killAll = () => {
    for (const { pid } of list()) killGroup(pid);
  };
  const stopWatching = killWith(process.pid, folder);
  const autoscalers: ManagedProcess[] = [];
  site.closers.add({
    close: async () => {
      await Promise.all(autoscalers.map((one) => one.close()));
      killAll();
      stopWatching();
      rmSync(folder, { recursive: true, force: true });
    },
  });
  const driver = driverSettings(site, choice, folder);
  const own = { group: GROUP, env: { ...site.env, ...driver.env }, log: silentLogger };
  await new LocalDriver({ ...driver, ...own }).start(choice.min);
  const addAutoscaler = async () => {
    const name = `autoscaler-${autoscalers.length + 1}`;
    const { min, max } = choice;
    const started = await startProcess({
      ...launch(site, {}, { name, app: "autoscaler" }),
      env: {
        ...site.env,
        ...natsEnv(site, "autoscaler", site.nats.tcpUrl),
        FAIRLEAD_REDIS_URL: redisUrl(site, "127.0.0.1", site.redisPort),
        FAIRLEAD_SCALE_API_URL: apiUrl,
        FAIRLEAD_SCALE_API_KEY: apiKey,
        FAIRLEAD_SCALE_GROUPS: JSON.stringify([{ group: GROUP, driver, min, max }]),
        ...choice.env,
      },
    });
    autoscalers.push(started);
    return started;
  };
  await addAutoscaler();
  return { autoscalers, list, addAutoscaler };
}

function driverSettings(site: Site, { nodeMain, nodeEnv }: ScaleChoice, folder: string) {
  const main = nodeMain ?? join(ROOT, "apps/media-node/src/main.ts");
  return {
    kind: "local" as const,
    command: [process.execPath, ...NODE_FLAGS, main],
    env: {
      ...natsEnv(site, "node", site.nats.tcpUrl),
      FAIRLEAD_REDIS_URL: redisUrl(site, "127.0.0.1", site.redisPort),
      ...nodeEnv,
    },
    folder,
    endMs: END_MS,
  };
}

export function processesIn(folder: string): { name: string; pid: number }[] {
  return readdirSync(folder).flatMap((file) => {
    const name = /^(.+)\.json$/.exec(file)?.[1];
    try {
      return name === undefined
        ? []
        : { name, pid: JSON.parse(readFileSync(join(folder, file), "utf8")).pid };
    } catch {
      // It was removed meanwhile.
      return [];
    }
  });
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}

/**
 * Such nodes outlive the process that started them, and must not outlive the one that runs their cluster, however it ends: a shell looks.
 * @returns Ends that.
 */
export function killWith(parentPid: number, folder: string): () => void {
  const script = [
    'while kill -0 "$1" 2>/dev/null; do sleep 1; done',
    'for file in "$2"/*.json; do pid=$(sed -n \'s/.*"pid":\\([0-9]*\\).*/\\1/p\' "$file")',
    '[ -n "$pid" ] && kill -s KILL -- "-$pid"; done',
    'rm -rf "$2"',
  ].join("; ");
  const shell = spawn("/bin/sh", ["-c", script, "sh", `${parentPid}`, folder], {
    detached: true,
    stdio: "ignore",
  });
  shell.unref();
  return () => void shell.kill("SIGKILL");
}
