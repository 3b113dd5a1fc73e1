import { spawn } from "node:child_process";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { skipBecause } from "../../support/skip-because.ts";

/** Where a group of one's own can be made, as root: of v2 one folder, of v1 one for the quota and one for what is used. */
const FOLDERS = [
  ["/sys/fs/cgroup"],
  ["/sys/fs/cgroup/cpu,cpuacct"],
  ["/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpuacct"],
].map((parents) => parents.map((parent) => `${parent}/fairlead-${process.pid}`));

/** @returns The group's folders, with a quota of 0.3 cores; null where none can be made. */
function makeGroup(): string[] | null {
  for (const folders of FOLDERS) {
    const made: string[] = [];
    try {
      for (const folder of folders) {
        mkdirSync(folder);
        made.push(folder);
      }
      limit(folders[0] ?? "");
      return folders;
    } catch {
      for (const folder of made) rmdirSync(folder);
    }
  }
  return null;
}

/** What it may have it gets, however busy the host is. */
function limit(folder: string): void {
  const write = (file: string, value: string) => writeFileSync(`${folder}/${file}`, value, { flag: "r+" });
  try {
    write("cpu.max", "30000 100000");
    write("cpu.weight", "10000");
  } catch {
    write("cpu.cfs_quota_us", "30000");
    write("cpu.shares", "100000");
  }
}

/** The kernel keeps a group busy until its process is buried. */
async function removeGroup(folders: readonly string[]): Promise<void> {
  for (const folder of folders)
    await expect.poll(() => rmdirSync(folder), { timeout: 10_000, interval: 20 }).toBeUndefined();
}

describe("a process that its cgroup holds at 0.3 cores", () => {
  it("has one core by default, and is full though it uses a third of that", async (test) => {
    const folders = makeGroup();
    if (!folders)
      return skipBecause("no cgroup can be made: it needs root and a cgroup that can be written", test);
    onTestFinished(() => removeGroup(folders));
    const flags = ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];
    const child = spawn(process.execPath, [...flags, `${import.meta.dirname}/burn-cpu.ts`], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    for (const folder of folders) writeFileSync(`${folder}/cgroup.procs`, `${child.pid}`);
    child.stdin.write("\n");
    const told = JSON.parse(await text(child.stdout));
    expect(told).toMatchObject({ quotaCores: 0.3, cores: 1 });
    expect(told.share).toBeLessThan(0.5);
    expect(told.load).toBeGreaterThan(0.9);
  });
});
