import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../..");

/** Settings of several processes: who spreads the object has all of the file's. */
const SHARED: Record<string, string> = {
  clusterSettings: "cluster-settings",
  ticketSettings: "ticket-settings",
  pipeSettings: "pipe-settings",
  rateSettings: "rate-settings",
};

/** Names of all settings that this app reads. A secret's may also end in `_FILE`. */
export function settingsOf(app: string): Set<string> {
  const files = globSync(`apps/${app}/src/**/*.ts`, { cwd: ROOT }).filter(
    (file) => !/\.test\.ts$|\/testing\//.test(file),
  );
  const own = files.map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n");
  const shared = Object.entries(SHARED)
    .filter(([name]) => own.includes(`...${name}`))
    .map(([, file]) => readFileSync(join(ROOT, `deploy/server-process/src/${file}.ts`), "utf8"));
  const names = [own, ...shared].join("\n").match(/\bFAIRLEAD_[A-Z_]*[A-Z]\b(?=:)/g) ?? [];
  return new Set(names);
}
