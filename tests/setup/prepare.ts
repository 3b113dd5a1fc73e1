import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { provideWorker, showProgress } from "@fairlead/mediasoup-worker";
import { fillCompileCache } from "./compile-cache.ts";
import { LONG_TOOLS } from "./programs.ts";
import { providePrograms } from "./provide-programs.ts";

/**
 * `npm test` runs this first: browsers, NATS, Redis and TURN servers, a proved mediasoup worker, the built page. Fast when all is there.
 * `--long`: also what `npm run test:long` alone needs.
 */
const ROOT = join(import.meta.dirname, "../..");
const say = (line: string) => console.log(`prepare: ${line}`);

try {
  providePrograms(say);
  if (process.argv.includes("--long")) providePrograms(say, LONG_TOOLS);
  const { bin, source } = await provideWorker({ onProgress: showProgress(process.stderr) });
  say(`mediasoup worker (${source}): ${bin}`);
  // Always anew: a build takes a second or two, and tests of yesterday's page would lie.
  execFileSync("npm", ["run", "--silent", "build:web"], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
  });
  say("web page: apps/web/dist");
  fillCompileCache();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
