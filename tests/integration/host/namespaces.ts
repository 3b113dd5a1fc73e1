import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** Each of these commands fails without root, iproute2 or a kernel that knows it. */
export function canMakeNamespaces(): boolean {
  const name = `fairlead-try-${process.pid}`;
  try {
    ip("netns", "add", name);
    try {
      ip("-n", name, "link", "add", "try0", "type", "veth", "peer", "name", "try1");
      ip("-n", name, "link", "add", "try2", "type", "bridge");
    } finally {
      ip("netns", "del", name);
    }
    return true;
  } catch {
    return false;
  }
}

export function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

/** Runs a line of JavaScript in the namespace. */
export function runIn(namespace: string, line: string): void {
  execFileSync("ip", ["netns", "exec", namespace, process.execPath, "-e", line]);
}

/** Datagrams of 1,000 bytes, which nobody need receive. */
export function sendDatagrams(namespace: string, count: number, address: string): void {
  const send = `socket.send(Buffer.alloc(1000), 9, "${address}", () => setImmediate(next))`;
  runIn(
    namespace,
    `const socket = require("dgram").createSocket("udp4"); socket.on("error", () => {}); let left = ${count};
    const next = () => left-- > 0 ? ${send} : socket.close(); next();`,
  );
}

/** Measures in the namespace what `act` does to its network. */
export async function measureIn(namespace: string, act: () => void) {
  const script = `${import.meta.dirname}/measure-network.ts`;
  const flags = ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];
  const child = spawn("ip", ["netns", "exec", namespace, process.execPath, ...flags, script], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? "{}");
  const { interfaces }: { interfaces: string[] } = await next();
  act();
  child.stdin.write("\n");
  const { bytes }: { bytes: number } = await next();
  return { interfaces, bytes };
}
