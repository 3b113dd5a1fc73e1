import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildWorker } from "@fairlead/cloudflare";
import * as z from "zod";
import { startProcess } from "../support/processes/start-process.ts";
import { freePort } from "../support/servers/free-port.ts";
import type { Runtime } from "./runtime.ts";

const ROOT = join(import.meta.dirname, "../..");
const DEPLOYED = join(ROOT, "deploy/cloudflare/wrangler.jsonc");
const SETTING = /^(FAIRLEAD|UPSTASH)_/;

/** The parts of the deployed configuration that say how the Worker runs. */
const Wrangler = z.object({
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()),
  durable_objects: z.object({
    bindings: z.tuple([z.object({ name: z.string(), class_name: z.string() })]),
  }),
});

/** The executable itself, which npm's `workerd` starts by a process of its own. */
export function workerdProgram(): string {
  const workerd = createRequire(createRequire(import.meta.url).resolve("workerd/package.json"));
  const arch = process.arch === "x64" ? "64" : process.arch;
  return workerd.resolve(`@cloudflare/workerd-${process.platform}-${arch}/bin/workerd`);
}

/** The Worker of deploy/cloudflare on real workerd, its Durable Objects in memory. Its log has the shards' lines. */
export async function startWorkerd(env: Record<string, string>, name = "workerd", port?: number) {
  const listenPort = port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), "fairlead-workerd-"));
  writeFileSync(join(folder, "worker.js"), (await buildWorker()).text);
  const path = join(folder, "config.capnp");
  writeFileSync(
    path,
    configure(
      Object.keys(env).filter((key) => SETTING.test(key)),
      listenPort,
    ),
  );
  const started = await startProcess({
    name,
    // It tells on standard output when it listens.
    command: [workerdProgram(), "serve", path, "--control-fd=1"],
    readyEvent: "listen",
    logFile: join(ROOT, "artifacts/logs", `${name}.log`),
    env,
  });
  const close = async () => {
    await started.close();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...started, url: `http://127.0.0.1:${listenPort}`, close };
}

/** @see https://github.com/cloudflare/workerd/blob/main/src/workerd/server/workerd.capnp */
function configure(settings: readonly string[], port: number): string {
  const text = readFileSync(DEPLOYED, "utf8").replaceAll(/^\s*\/\/.*$/gm, "");
  const { durable_objects, ...deployed } = Wrangler.parse(JSON.parse(text));
  const [{ name, class_name: shard }] = durable_objects.bindings;
  const bindings = [
    `(name = "${name}", durableObjectNamespace = "${shard}")`,
    ...settings.map((key) => `(name = "${key}", fromEnvironment = "${key}")`),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "signaling", worker = .signaling),
    (name = "network", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "signaling")],
);
const signaling :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "${deployed.compatibility_date}",
  compatibilityFlags = ${JSON.stringify(deployed.compatibility_flags)},
  durableObjectNamespaces = [(className = "${shard}", uniqueKey = "${shard}")],
  durableObjectStorage = (inMemory = void),
  bindings = [${bindings.join(", ")}],
  globalOutbound = "network",
);
`;
}

export const workerdRuntime: Runtime = {
  name: "workerd",
  nats: "websocket",
  redis: "rest",
  hasWebSocket: true,
  start: startWorkerd,
};
