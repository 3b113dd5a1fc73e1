import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { launchChromium } from "../support/chromium.ts";
import { expectMedia } from "../support/expect-media.ts";
import { MeetingPage } from "../support/meeting-page.ts";

const ROOT = join(import.meta.dirname, "../..");

/** `npm run cluster -- …`, in a process group of its own as in a shell. */
function npmRunCluster(...args: string[]) {
  const child = spawn("npm", ["run", "--silent", "cluster", "--", ...args], {
    cwd: ROOT,
    detached: true,
    stdio: ["pipe", "pipe", "inherit"],
  } as const);
  const signalGroup = (signal: NodeJS.Signals) => {
    try {
      process.kill(-(child.pid ?? 0), signal);
    } catch {
      // It has ended.
    }
  };
  onTestFinished(() => signalGroup("SIGKILL"));
  const lines: string[] = [];
  const watchers = new Set<() => void>();
  createInterface({ input: child.stdout }).on("line", (line) => {
    lines.push(line);
    for (const look of watchers) look();
  });
  const ended = once(child, "exit");
  return {
    lines,
    ended,
    /** As Ctrl-C does: to the shell's whole group. */
    interrupt: () => signalGroup("SIGINT"),
    /** npm alone, by a signal that it can't hand on. */
    killNpm: () => child.kill("SIGKILL"),
    type: (line: string) => child.stdin.write(`${line}\n`),
    /** @returns What the pattern's group holds in the first line, of those since the `since`th, that fits. */
    waitFor: async (pattern: RegExp, since = 0) => {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const look = () => {
        const found = lines.slice(since).find((line) => pattern.test(line));
        if (found) resolve(pattern.exec(found)?.[1] ?? found);
      };
      watchers.add(look);
      look();
      void ended.then(() => reject(new Error(`ended without ${pattern}:\n${lines.join("\n")}`)));
      return promise.finally(() => watchers.delete(look));
    },
  };
}

/** Of the processes that `status` showed. */
function pidsIn(lines: readonly string[]): number[] {
  const pids = lines.flatMap((line) => {
    const pid = /^[a-z]+(?:-\d)? +(\d+) +runs/.exec(line)?.[1];
    return pid === undefined ? [] : [Number(pid)];
  });
  return [...new Set(pids)];
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe("npm run cluster", () => {
  it("starts a cluster with a page, takes faults by hand, and ends with all that it started", async () => {
    const cluster = npmRunCluster("--nodes", "2");
    const url = await cluster.waitFor(/^The page: (\S+)/);
    const chromium = await launchChromium();
    onTestFinished(() => chromium.close());
    const tabs = [];
    for (const name of ["Ada", "Ben"])
      tabs.push(await MeetingPage.join(chromium.context, { url, room: "by-hand", name }));
    await Promise.all(tabs.map((tab) => expectMedia(tab, { from: 1 })));

    cluster.type("status");
    const [name] = (await cluster.waitFor(/^(node-\d .*rooms 1, peers 2.*)/)).split(" ");
    const connections = (await tabs[0]?.media())?.connections ?? 0;
    const kill = npmRunCluster("--kill", name ?? "");
    await kill.ended;
    expect(kill.lines).toEqual([`${name} was killed`]);
    await Promise.all(
      tabs.map((tab) => expectMedia(tab, { from: 1, sinceConnection: connections, withinMs: 45_000 })),
    );

    const since = cluster.lines.length;
    cluster.type("status");
    await cluster.waitFor(/rooms 1, peers 2/, since);
    const pids = pidsIn(cluster.lines);
    expect(pids.length).toBeGreaterThan(5);
    cluster.interrupt();
    await cluster.ended;
    await expect.poll(() => pids.filter(isAlive), { timeout: 10_000 }).toEqual([]);
  });

  it("cuts a node from NATS and mends that, and ends with its npm, however that ends", async () => {
    const cluster = npmRunCluster("--nodes", "1", "--signaling", "1");
    await cluster.waitFor(/^The page: (\S+)/);
    const seesStatus = async (pattern: RegExp) => {
      const since = cluster.lines.length;
      cluster.type("status");
      return pattern.test(await cluster.waitFor(/^(node-1 .*)/, since));
    };
    cluster.type("cut node-1");
    await cluster.waitFor(/^node-1 is cut from NATS/);
    await expect.poll(() => seesStatus(/ready, without NATS/), { timeout: 20_000 }).toBe(true);
    cluster.type("mend node-1");
    await expect.poll(() => seesStatus(/ready, rooms 0/), { timeout: 20_000 }).toBe(true);
    const pids = pidsIn(cluster.lines);
    expect(pids.length).toBeGreaterThan(3);
    cluster.killNpm();
    await expect.poll(() => pids.filter(isAlive), { timeout: 20_000 }).toEqual([]);
  });
});
