import { describe, expect, it } from "vitest";
import { CpuAllowance } from "./cpu-allowance.ts";

/** @param cores The quota. @param used Cores in use, all the time. */
function allowanceOf(cores: number, used: number | null): CpuAllowance {
  let seconds = 0;
  const allowance = new CpuAllowance([{ cores, usedMs: () => used && used * seconds * 1_000 }]);
  for (; seconds < 30; seconds++) allowance.sample(seconds * 1_000);
  return allowance;
}

describe("how many cores a node has by default", () => {
  it.each([
    [4, null, 4],
    [4, 2.5, 2],
    [4, 0.5, 1],
    [4, 16, 4],
  ])("on a host of %d with a quota of %d is %d", (host, quota, expected) => {
    const allowance = new CpuAllowance(quota === null ? [] : [{ cores: quota, usedMs: () => null }]);
    expect(allowance.defaultCores(host)).toBe(expected);
  });

  it("follows the smallest quota, its own or that of a group above it", () => {
    const quotas = [3, 2].map((cores) => ({ cores, usedMs: () => null }));
    expect(new CpuAllowance(quotas).defaultCores(8)).toBe(2);
  });
});

describe("a core's load", () => {
  it("is its worker's share where there is no quota", () => {
    expect(new CpuAllowance([]).loadOf(0.3)).toBe(0.3);
  });

  it.each([
    ["is 1 for a worker that is held at a third of a core", { quota: 0.33, used: 0.33, share: 0.31 }, 1],
    ["is the part of a small quota that is used", { quota: 0.5, used: 0.25, share: 0.2 }, 0.5],
    ["is 1 for an idle worker whose node has used its quota up", { quota: 2, used: 2, share: 0 }, 1],
    ["is no higher where a whole core is left", { quota: 2, used: 1, share: 0 }, 0],
    ["is what is missing of a core that could be used", { quota: 2, used: 1.25, share: 0.1 }, 0.25],
    ["is the worker's share where that is more", { quota: 2, used: 1.25, share: 0.9 }, 0.9],
  ])("%s", (_, { quota, used, share }, expected) => {
    expect(allowanceOf(quota, used).loadOf(share)).toBeCloseTo(expected, 3);
  });

  it("is the worker's share where the system does not tell what is used", () => {
    expect(allowanceOf(0.5, null).loadOf(0.4)).toBe(0.4);
  });
});
