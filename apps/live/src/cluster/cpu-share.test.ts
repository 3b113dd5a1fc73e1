import { expect, it } from "vitest";
import { CpuShare } from "./cpu-share.ts";

it("is of all cores, of all processes together, and follows within two samples", () => {
  const used = new Map([
    [1, 5_000],
    [2, 1_000],
  ]);
  const share = new CpuShare({ cpuMsOf: (pid) => used.get(pid) ?? null, cores: 4 });
  expect(share.sample([1, 2], 0)).toBe(0);
  used.set(1, 5_500).set(2, 2_500);
  expect(share.sample([1, 2], 1_000)).toBe(0.25);
  // One is gone, another has come.
  used.delete(2);
  used.set(3, 1_000).set(1, 6_500);
  expect(share.sample([1, 2, 3], 2_000)).toBe(0.375);
});

it("of this process itself is what the system says", async () => {
  const share = new CpuShare({ cores: 1 });
  share.sample([process.pid], 0);
  const { user, system } = process.cpuUsage();
  // However busy the machine is: by this process's own clock of CPU, µs.
  const usedUs = () => {
    const used = process.cpuUsage();
    return used.user - user + used.system - system;
  };
  while (usedUs() < 100_000);
  expect(share.sample([process.pid], 100)).toBeGreaterThan(0.1);
  expect(share.sample([2 ** 30], 200)).toBeLessThan(0.6);
});
