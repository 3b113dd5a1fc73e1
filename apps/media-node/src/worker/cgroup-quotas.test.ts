import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { readCpuQuotas } from "./cgroup-quotas.ts";

const V2 = "30 24 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate";
const V1 = "33 25 0:29 / /sys/fs/cgroup/cpu,cpuacct rw shared:9 - cgroup cgroup rw,cpu,cpuacct";

/** A folder with such files in the place of `/`. */
function systemOf(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), "fairlead-cgroups-"));
  onTestFinished(() => rmSync(root, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return root;
}

const quotasOf = (files: Record<string, string>) =>
  readCpuQuotas(systemOf(files)).map(({ cores, usedMs }) => ({ cores, usedMs: usedMs() }));

describe("the CPU quotas of cgroups v2", () => {
  it("are that of a container, which sees its group as the uppermost", () => {
    const quotas = quotasOf({
      "proc/self/cgroup": "0::/",
      "proc/self/mountinfo": V2,
      "sys/fs/cgroup/cpu.max": "150000 100000",
      "sys/fs/cgroup/cpu.stat": "usage_usec 7000\nuser_usec 1\nnr_throttled 3",
    });
    expect(quotas).toEqual([{ cores: 1.5, usedMs: 7 }]);
  });

  it("are those of a service and of the slice above it", () => {
    const quotas = quotasOf({
      "proc/self/cgroup": "0::/system.slice/media.service",
      "proc/self/mountinfo": V2,
      "sys/fs/cgroup/system.slice/media.service/cpu.max": "200000 100000",
      "sys/fs/cgroup/system.slice/media.service/cpu.stat": "usage_usec 1000",
      "sys/fs/cgroup/system.slice/cpu.max": "300000 100000",
      "sys/fs/cgroup/system.slice/cpu.stat": "usage_usec 2000",
    });
    expect(quotas).toEqual([
      { cores: 2, usedMs: 1 },
      { cores: 3, usedMs: 2 },
    ]);
  });

  it("are none where nothing is limited", () => {
    const files = { "proc/self/cgroup": "0::/", "proc/self/mountinfo": V2 };
    expect(quotasOf({ ...files, "sys/fs/cgroup/cpu.max": "max 100000" })).toEqual([]);
    expect(quotasOf(files)).toEqual([]);
    expect(quotasOf({})).toEqual([]);
  });
});

describe("the CPU quotas of cgroups v1", () => {
  const folder = "sys/fs/cgroup/cpu,cpuacct";
  const quota = (path: string, us: number) => ({
    [`${folder}${path}/cpu.cfs_quota_us`]: `${us}`,
    [`${folder}${path}/cpu.cfs_period_us`]: "100000",
    [`${folder}${path}/cpuacct.usage`]: "5000000",
  });

  it("are those of a group and of the groups above it that have one", () => {
    const quotas = quotasOf({
      "proc/self/cgroup": "8:cpu,cpuacct:/a/b\n3:memory:/x\n0::/a",
      "proc/self/mountinfo": `${V1}\n${V2}`,
      ...quota("/a/b", -1),
      ...quota("/a", 50_000),
      ...quota("", -1),
    });
    expect(quotas).toEqual([{ cores: 0.5, usedMs: 5 }]);
  });

  it("are found in a container, where the group's folder is mounted as the root", () => {
    const mount = "33 25 0:29 /docker/0ab /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct";
    const quotas = quotasOf({
      "proc/self/cgroup": "8:cpu,cpuacct:/docker/0ab",
      "proc/self/mountinfo": mount,
      ...quota("", 250_000),
    });
    expect(quotas).toEqual([{ cores: 2.5, usedMs: 5 }]);
  });

  it("say nothing of what is used where that is counted for another group", () => {
    const quotas = quotasOf({
      "proc/self/cgroup": "2:cpuacct:/\n1:cpu:/a",
      "proc/self/mountinfo":
        "1 0 0:1 / /cpu rw - cgroup cgroup rw,cpu\n2 0 0:2 / /acct rw - cgroup cgroup rw,cpuacct",
      "cpu/a/cpu.cfs_quota_us": "100000",
      "cpu/a/cpu.cfs_period_us": "100000",
      "acct/cpuacct.usage": "99000000",
    });
    expect(quotas).toEqual([{ cores: 1, usedMs: null }]);
  });
});
