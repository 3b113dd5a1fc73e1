import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { needProgram } from "../../setup/programs.ts";
import { dieWithParent } from "../processes/die-with-parent.ts";
import { freePort } from "./free-port.ts";
import { untilStopped } from "./until-stopped.ts";

const HOST = "127.0.0.1";
const DEPLOYED = join(import.meta.dirname, "../../../deploy/nats/nats.conf");
/** A start takes milliseconds; provides for a machine that is busy with other tests. */
const START_MS = 20_000;

const USERS = {
  signaling: { user: "signaling", password: "password-of-signaling" },
  node: { user: "node", password: "password-of-nodes" },
  live: { user: "live", password: "password-of-live" },
  autoscaler: { user: "autoscaler", password: "password-of-autoscaler" },
};
const ANYONE = { user: "anyone", password: "password-of-anyone" };

export type NatsServerOptions = {
  /** `deploy`: the users and permissions of deploy/nats. `open`: the same but for one user, who may do everything. */
  config?: "deploy" | "open";
  port?: number;
  websocketPort?: number;
  /** PEM. Without, there is no TLS. */
  tls?: { cert: string; key: string };
};

type Ports = { port: number; websocketPort: number };

export type NatsServer = Awaited<ReturnType<typeof startNats>>;

/** A real nats-server with the configuration of deploy/nats, on free ports. */
export async function startNats(options: NatsServerOptions = {}) {
  const { config = "deploy", tls } = options;
  const folder = mkdtempSync(join(tmpdir(), "fairlead-nats-"));
  const ports = {
    port: options.port ?? (await freePort()),
    websocketPort: options.websocketPort ?? (await freePort()),
  };
  let child = await start(folder, options, ports);
  const killNow = () => void child.kill("SIGKILL");
  process.once("exit", killNow);

  const kill = async (signal: NodeJS.Signals = "SIGKILL") => {
    child.kill(signal);
    if (signal === "SIGSTOP") await untilStopped(child.pid ?? 0);
    else if (signal !== "SIGCONT") await ended(child);
  };
  return {
    tcpUrl: `${tls ? "tls" : "nats"}://${HOST}:${ports.port}`,
    websocketUrl: `${tls ? "wss" : "ws"}://${HOST}:${ports.websocketPort}`,
    ...ports,
    users:
      config === "deploy" ? USERS : { signaling: ANYONE, node: ANYONE, live: ANYONE, autoscaler: ANYONE },
    /** Of the server that runs now. */
    pid: () => child.pid ?? 0,
    /** `SIGSTOP` and `SIGCONT` stall it; resolves when it stands still, or has ended after one that ends it. */
    kill,
    /** On the same ports. Ends it first where it runs. */
    restart: async () => {
      await kill();
      child = await start(folder, options, ports);
    },
    close: async () => {
      process.off("exit", killNow);
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function start(folder: string, options: NatsServerOptions, ports: Ports): Promise<ChildProcess> {
  const path = join(folder, "test.conf");
  writeFileSync(path, configure(folder, options, ports));
  const child = spawn(...dieWithParent([needProgram("nats-server"), "-c", path]), {
    env: {
      FAIRLEAD_NATS_SIGNALING_PASSWORD: USERS.signaling.password,
      FAIRLEAD_NATS_NODE_PASSWORD: USERS.node.password,
      FAIRLEAD_NATS_LIVE_PASSWORD: USERS.live.password,
      FAIRLEAD_NATS_AUTOSCALER_PASSWORD: USERS.autoscaler.password,
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  await untilReady(child);
  return child;
}

/** A later setting replaces an included one. NATS takes a path to include as relative, whatever it looks like. */
function configure(folder: string, { config, tls }: NatsServerOptions, ports: Ports): string {
  const pem = { cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  if (tls) for (const kind of ["cert", "key"] as const) writeFileSync(pem[kind], tls[kind]);
  const tlsBlock = `tls { cert_file: "${pem.cert}", key_file: "${pem.key}" }`;
  return [
    `include "${relative(folder, DEPLOYED)}"`,
    `host: "${HOST}"`,
    `port: ${ports.port}`,
    `websocket { host: "${HOST}", port: ${ports.websocketPort}, ${tls ? tlsBlock : "no_tls: true"} }`,
    ...(tls ? [tlsBlock] : []),
    ...(config === "open"
      ? [`authorization { users: [{ user: ${ANYONE.user}, password: ${ANYONE.password} }] }`]
      : []),
  ].join("\n");
}

function untilReady(child: ChildProcess): Promise<void> {
  const output: string[] = [];
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`nats-server ${why}:\n${output.join("\n")}`));
    const timer = setTimeout(() => fail(`was not ready within ${START_MS} ms`), START_MS);
    child.once("error", (error) => fail(`could not be started: ${error.message}`));
    child.once("exit", (code, signal) => fail(`ended with ${code ?? signal}`));
    if (!child.stderr) return fail("has no output");
    createInterface({ input: child.stderr }).on("line", (line) => {
      if (output.length < 100) output.push(line);
      if (!line.endsWith("Server is ready")) return;
      clearTimeout(timer);
      resolve();
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
