import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A limit on this process's CPU time, by the group that it is in or one above it. */
export type CpuQuota = {
  /** CPU time per time: 1.5 is one and a half cores. */
  cores: number;
  /** CPU time that the group has used, in milliseconds of any origin; null when the system does not tell. */
  usedMs: () => number | null;
};

type Hierarchy = { version: 1 | 2; mountPoint: string; root: string; path: string };

/**
 * The limits that containers and service managers set: `cpu.max` of Linux's cgroups v2, `cpu.cfs_quota_us` of v1. None elsewhere.
 *
 * @param root What stands for `/`.
 */
export function readCpuQuotas(root = "/"): CpuQuota[] {
  return hierarchiesOf(root, "cpu").flatMap((hierarchy) => {
    const usage = usageFilesOf(root, hierarchy);
    return levelsOf(hierarchy).flatMap((level, up) => {
      const cores = quotaOf(hierarchy.version, join(root, level));
      return cores === null ? [] : [{ cores, usedMs: () => usedMs(hierarchy.version, usage[up]) }];
    });
  });
}

/** Where the group of this process is mounted, of the hierarchies with that controller. v2 has all of them in one. */
function hierarchiesOf(root: string, controller: string): Hierarchy[] {
  const groups = read(join(root, "proc/self/cgroup"))
    .split("\n")
    .map((line) => /^\d+:([^:]*):(.*)$/.exec(line));
  const mounts = read(join(root, "proc/self/mountinfo")).split("\n").map(parseMount);
  return groups.flatMap((group) => {
    if (!group) return [];
    const [controllers = "", path = "/"] = group.slice(1);
    const version = controllers === "" ? 2 : 1;
    if (version === 1 && !controllers.split(",").includes(controller)) return [];
    const mount = mounts.find((one) =>
      version === 2 ? one?.type === "cgroup2" : one?.type === "cgroup" && one.options.includes(controller),
    );
    return mount ? [{ version, mountPoint: mount.mountPoint, root: mount.root, path }] : [];
  });
}

/** `36 35 98:0 /root /mount/point rw,noatime … - type source options`; proc(5). */
function parseMount(line: string) {
  const [before, after] = line.split(" - ");
  const [, , , root, mountPoint] = before?.split(" ") ?? [];
  const [type, , options] = after?.split(" ") ?? [];
  return root && mountPoint && type ? { root, mountPoint, type, options: options?.split(",") ?? [] } : null;
}

/** The group's own folder and those above it, as far as this process sees. A container sees its group as the uppermost. */
function levelsOf({ mountPoint, root, path }: Hierarchy): string[] {
  const prefix = root === "/" ? "" : root;
  const isSeen = `${path}/`.startsWith(`${prefix}/`) && !path.startsWith("/..");
  const parts = isSeen ? path.slice(prefix.length).split("/").filter(Boolean) : [];
  return Array.from({ length: parts.length + 1 }, (_, up) =>
    join(mountPoint, ...parts.slice(0, parts.length - up)),
  );
}

/** @returns null for a group without a limit. */
function quotaOf(version: 1 | 2, folder: string): number | null {
  const [quota, period] =
    version === 2
      ? read(join(folder, "cpu.max")).split(" ")
      : ["cpu.cfs_quota_us", "cpu.cfs_period_us"].map((file) => read(join(folder, file)));
  const cores = Number.parseInt(quota ?? "", 10) / Number.parseInt(period ?? "", 10);
  return Number.isFinite(cores) && cores > 0 ? cores : null;
}

/** By level. v1 counts in a hierarchy of its own, mostly mounted together with the quotas; groups of other names there are others. */
function usageFilesOf(root: string, hierarchy: Hierarchy): string[] {
  if (hierarchy.version === 2) return levelsOf(hierarchy).map((level) => join(root, level, "cpu.stat"));
  const counting = hierarchiesOf(root, "cpuacct").find(
    ({ version, path }) => version === 1 && path === hierarchy.path,
  );
  return counting ? levelsOf(counting).map((level) => join(root, level, "cpuacct.usage")) : [];
}

function usedMs(version: 1 | 2, file: string | undefined): number | null {
  const text = file === undefined ? "" : read(file);
  const digits = (version === 2 ? /^usage_usec (\d+)/m : /^(\d+)/).exec(text)?.[1];
  return digits === undefined ? null : Number(digits) / (version === 2 ? 1_000 : 1_000_000);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
