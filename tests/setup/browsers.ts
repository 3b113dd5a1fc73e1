import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

export const BROWSERS = {
  chromium: {
    override: "FAIRLEAD_CHROMIUM",
    commands: ["chromium", "chromium-browser", "google-chrome"],
    debianPackage: "chromium",
  },
  firefox: {
    override: "FAIRLEAD_FIREFOX",
    commands: ["firefox-esr", "firefox"],
    debianPackage: "firefox-esr",
  },
} as const;

export type BrowserName = keyof typeof BROWSERS;

/**
 * The executable that FAIRLEAD_CHROMIUM or FAIRLEAD_FIREFOX names, else the first of its usual names on PATH.
 *
 * @returns undefined where there is none.
 * @throws {Error} The variable names no executable.
 */
export function findBrowser(name: BrowserName, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const { override, commands } = BROWSERS[name];
  const asked = env[override];
  if (asked && !isExecutable(asked)) throw new Error(`${override}=${asked}: no executable there`);
  if (asked) return asked;
  const folders = (env.PATH ?? "").split(delimiter).filter(Boolean);
  return commands.flatMap((command) => folders.map((folder) => join(folder, command))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
