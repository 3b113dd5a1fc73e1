import { spawnSync } from "node:child_process";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");
const NODE_FLAGS = ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];

/** Tests start processes hundreds of times. Node keeps here what it has compiled of them, which is a third of a start. */
export const COMPILE_CACHE = join(ROOT, "node_modules/.cache/compiled");

const STARTED_BY_TESTS = [
  "apps/signaling/src/main.ts",
  "apps/media-node/src/main.ts",
  "apps/standalone/src/main.ts",
  "deploy/redis-rest/src/main.ts",
];

/** Node writes the cache when a process ends by itself, not when a test kills it: each runs once here, and refuses its settings. */
export function fillCompileCache(): void {
  for (const entry of STARTED_BY_TESTS)
    spawnSync(process.execPath, [...NODE_FLAGS, entry], {
      cwd: ROOT,
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: COMPILE_CACHE, FAIRLEAD_PORT: "none" },
      stdio: "ignore",
      timeout: 30_000,
    });
}
