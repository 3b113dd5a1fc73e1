import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { BURSTS, drawTraces } from "./draw-traces.ts";

// Writes the committed traces anew: `node tests/bench/burst/generate-traces.ts && npm run format`.
for (const burst of BURSTS)
  writeFileSync(join(import.meta.dirname, "traces", `${burst.name}.json`), JSON.stringify(drawTraces(burst)));
