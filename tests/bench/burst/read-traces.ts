import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BurstTraces } from "./burst-trace.ts";

/** @param name Of a file in `traces/`. */
export function readTraces(name: string): BurstTraces {
  return JSON.parse(readFileSync(join(import.meta.dirname, "traces", `${name}.json`), "utf8"));
}
