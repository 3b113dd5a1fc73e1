/** Run in a cgroup, after a line from the test: uses all the CPU time it gets for a while, and prints what its allowance says then. */
import { once } from "node:events";
import { CpuAllowance } from "../../../apps/media-node/src/worker/cpu-allowance.ts";

const SAMPLES = 12;
const EVERY_MS = 250;

await once(process.stdin, "data");
const allowance = new CpuAllowance();
const startMs = performance.now();
const startCpu = process.cpuUsage();
for (let sample = 0; sample <= SAMPLES; sample++) {
  allowance.sample(performance.now());
  while (performance.now() - startMs < (sample + 1) * EVERY_MS);
}
const { user, system } = process.cpuUsage(startCpu);
const share = (user + system) / 1_000 / (performance.now() - startMs);
const { quotaCores } = allowance;
console.log(
  JSON.stringify({ quotaCores, cores: allowance.defaultCores(), share, load: allowance.loadOf(share) }),
);
process.exit(0);
