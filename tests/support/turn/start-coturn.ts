import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { needProgram } from "../../setup/programs.ts";
import { dieWithParent } from "../processes/die-with-parent.ts";
import { freePort } from "../servers/free-port.ts";
import { makeCertificate } from "../servers/make-certificate.ts";
import { TurnClient } from "./turn-client.ts";

const DEPLOYED = join(import.meta.dirname, "../../../deploy/coturn/turnserver.conf");
const HOST = "127.0.0.1";
/** A start takes a tenth of a second; provides for a machine that is busy with other tests. */
const START_MS = 20_000;

/** With the signs that a secret in base64 may have. */
export const TURN_SECRET = "c2VjcmV0/IG9mIHRo+ZSB0ZXN0cw==";

export type CoturnOptions = {
  /** Addresses of media nodes. */
  nodes: readonly string[];
  /** Where relays are besides 127.0.0.1. */
  relayAddresses?: readonly string[];
  /** More lines of the configuration, e.g. `allow-loopback-peers`. */
  lines?: readonly string[];
};

export type Coturn = Awaited<ReturnType<typeof startCoturn>>;

/** Debian's coturn with the configuration of deploy/coturn, on free ports. */
export async function startCoturn(options: CoturnOptions) {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-coturn-"));
  const ports = { port: await freePort(), tlsPort: await freePort() };
  const path = join(folder, "turnserver.conf");
  const certificate = await makeCertificate();
  for (const kind of ["cert", "key"] as const) writeFileSync(join(folder, `${kind}.pem`), certificate[kind]);
  writeFileSync(path, fillIn(readFileSync(DEPLOYED, "utf8"), settings(folder, ports, options)));
  const log: string[] = [];
  let child = await start(path, ports.port, log);
  const killNow = () => void child.kill("SIGKILL");
  process.once("exit", killNow);

  const kill = async () => {
    killNow();
    await ended(child);
  };
  return {
    host: HOST,
    ...ports,
    urls: {
      udp: `turn:${HOST}:${ports.port}?transport=udp`,
      tcp: `turn:${HOST}:${ports.port}?transport=tcp`,
      tls: `turns:localhost:${ports.tlsPort}?transport=tcp`,
    },
    /** Its log so far. */
    log: log as readonly string[],
    kill,
    /** On the same ports, without what it knew. */
    restart: async () => {
      await kill();
      child = await start(path, ports.port, log);
    },
    close: async () => {
      process.off("exit", killNow);
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Ports = { port: number; tlsPort: number };

function settings(folder: string, { port, tlsPort }: Ports, options: CoturnOptions): [string, string[]][] {
  const { nodes, relayAddresses = [] } = options;
  return [
    ["static-auth-secret", [TURN_SECRET]],
    ["allowed-peer-ip", [...nodes]],
    ["listening-ip", [HOST]],
    ["relay-ip", [HOST, ...relayAddresses]],
    ["listening-port", [`${port}`]],
    ["tls-listening-port", [`${tlsPort}`]],
    ["cert", [join(folder, "cert.pem")]],
    ["pkey", [join(folder, "key.pem")]],
    // Not this machine's.
    ["pidfile", [join(folder, "pid")]],
    ["userdb", [join(folder, "users")]],
    ...(options.lines ?? []).map((line): [string, string[]] => [line, [""]]),
  ];
}

/** The values of a setting take the place of the one that stands there; what does not stand there is added. */
function fillIn(text: string, given: [name: string, values: string[]][]): string {
  return given.reduce((config, [name, values]) => {
    const lines = values.map((value) => (value ? `${name}=${value}` : name)).join("\n");
    const standing = new RegExp(`^${name}=.*$`, "m");
    return standing.test(config) ? config.replace(standing, lines) : `${config}\n${lines}`;
  }, text);
}

async function start(path: string, port: number, log: string[]): Promise<ChildProcess> {
  const child = spawn(...dieWithParent([needProgram("turnserver"), "-c", path]), {
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on("line", (line) => log.push(line));
  }
  const failed = new Promise<never>((_, reject) => {
    child.once("error", (error) => reject(new Error(`coturn did not start: ${error.message}`)));
    child.once("exit", (code) => reject(new Error(`coturn ended with ${code}:\n${log.join("\n")}`)));
  });
  // It also ends later, when nobody waits for a start any more.
  failed.catch(() => {});
  await Promise.race([untilAnswered(port, log), failed]);
  return child;
}

/** It opens the listeners for UDP and TCP one after the other. */
async function untilAnswered(port: number, log: readonly string[]): Promise<void> {
  const deadline = Date.now() + START_MS;
  for (const transport of ["tcp", "udp"] as const) {
    while (!(await refusesStranger(port, transport))) {
      if (Date.now() > deadline) throw new Error(`coturn was not ready in time:\n${log.join("\n")}`);
      await delay(20);
    }
  }
}

async function refusesStranger(port: number, transport: "udp" | "tcp"): Promise<boolean> {
  try {
    const stranger = await TurnClient.open(
      { host: HOST, port, transport },
      { username: "x", credential: "x" },
    );
    const code = await stranger.allocate().finally(() => stranger.close());
    return code === 401;
  } catch {
    return false;
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
