import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { NodePage } from "@fairlead/protocol";
import { expect, it, onTestFinished } from "vitest";
import { whyNoNamespaces } from "../support/processes/network-namespace.ts";
import { skipBecause } from "../support/skip-because.ts";

const ROOT = join(import.meta.dirname, "../..");
/** As the block has it. */
const SERVERS = "10.0.0.1";
const PATIENCE_MS = 120_000;

function ip(...args: string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "pipe"] });
}

/** The block of README.md by which a cluster is made on machines of one's own. */
function readBlock(): string {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const [, block] = /```sh\n(SERVERS=.*?)```/s.exec(readme) ?? expect.fail("no such block in README.md");
  return block ?? "";
}

/** A machine with that address and a home of its own; its processes end with the test. */
function makeMachine() {
  const name = `fairlead-readme-${process.pid}`;
  const home = mkdtempSync(join(tmpdir(), "fairlead-home-"));
  ip("netns", "add", name);
  const killAll = () => {
    const pids = execFileSync("ip", ["netns", "pids", name], { encoding: "utf8" })
      .split("\n")
      .filter(Boolean);
    for (const pid of pids) process.kill(Number(pid), "SIGKILL");
    return pids.length;
  };
  onTestFinished(async () => {
    await expect.poll(killAll, { timeout: 10_000 }).toBe(0);
    ip("netns", "del", name);
    rmSync(home, { recursive: true });
  });
  ip("-n", name, "link", "set", "lo", "up");
  ip("-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", "eth1");
  ip("-n", name, "addr", "add", `${SERVERS}/24`, "dev", "eth0");
  for (const link of ["eth0", "eth1"]) ip("-n", name, "link", "set", link, "up");
  // The worker is there already, as on a machine that has run it before.
  const cache = join(homedir(), ".cache/fairlead");
  const env = { ...process.env, HOME: home, FAIRLEAD_CACHE_DIR: process.env.FAIRLEAD_CACHE_DIR ?? cache };
  const command = (...args: string[]) => ["netns", "exec", name, ...args];
  return {
    home,
    run: (script: string) =>
      new Promise<number | null>((resolve) => {
        const child = spawn("ip", command("sh", "-e", "-c", script), { cwd: ROOT, env, stdio: "inherit" });
        child.once("exit", resolve);
      }),
    /** @returns Status and body of an answer of a server there; 0 for none. */
    ask: (url: string, { method = "GET", key = "", body = "" } = {}) => {
      const line = `fetch("${url}", { method: "${method}", headers: { authorization: "Bearer ${key}", "content-type": "application/json" },
        body: ${body === "" ? "undefined" : JSON.stringify(body)} }).then(async (r) => console.log(r.status + " " + (await r.text())), () => console.log("0 null"))`;
      const text = execFileSync("ip", command(process.execPath, "-e", line), { encoding: "utf8" }).trim();
      return { status: Number(text.split(" ")[0]), body: JSON.parse(text.slice(text.indexOf(" "))) };
    },
  };
}

const changes = () => execFileSync("git", ["status", "--porcelain"], { cwd: ROOT, encoding: "utf8" });

it("README.md's block makes a cluster as it stands, writes nothing into the checkout, and keeps its secrets", async (test) => {
  skipBecause(whyNoNamespaces(), test);
  const machine = makeMachine();
  const before = changes();
  expect(await machine.run(readBlock())).toBe(0);
  const url = `http://${SERVERS}:3000`;
  await expect.poll(() => machine.ask(`${url}/readyz`).body?.registry, { timeout: PATIENCE_MS }).toBe("ok");
  await expect
    .poll(() => machine.ask("http://127.0.0.1:3001/readyz").body?.registry, { timeout: PATIENCE_MS })
    .toBe("ok");
  const folder = join(machine.home, "fairlead");
  const key = /^API_KEY=(.*)$/m.exec(readFileSync(join(folder, "passwords.env"), "utf8"))?.[1] ?? "";
  const { nodes } = machine.ask(`${url}/v1/nodes`, { key }).body as NodePage;
  expect(nodes).toMatchObject([{ state: "ready", busConnected: true }]);
  const body = JSON.stringify({ identity: "ann" });
  const issued = machine.ask(`${url}/v1/rooms/one/tickets`, { method: "POST", key, body });
  expect(issued).toMatchObject({ status: 201, body: { url: "https://meet.example.org" } });
  for (const file of ["keys.env", "passwords.env", "users.acl"])
    expect(statSync(join(folder, file)).mode & 0o077).toBe(0);
  expect(readFileSync(join(folder, "users.acl"), "utf8")).not.toContain("PASSWORD");
  expect(changes()).toBe(before);
});
