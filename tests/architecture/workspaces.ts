import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");

export type Workspace = {
  /** e.g. `@fairlead/bus`. */
  name: string;
  /** From the root, e.g. `packages/bus`. */
  folder: string;
  dependencies: ReadonlySet<string>;
  devDependencies: ReadonlySet<string>;
};

/** Apps, packages, and those parts of `deploy` that have code. */
export function listWorkspaces(): Workspace[] {
  return ["packages", "apps", "deploy"].flatMap((group) =>
    readdirSync(join(ROOT, group), { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && existsSync(join(ROOT, group, entry.name, "package.json")))
      .map((entry) => readWorkspace(`${group}/${entry.name}`)),
  );
}

function readWorkspace(folder: string): Workspace {
  const manifest = JSON.parse(readFileSync(join(ROOT, folder, "package.json"), "utf8"));
  const namesIn = (...keys: string[]) => new Set(keys.flatMap((key) => Object.keys(manifest[key] ?? {})));
  const dependencies = namesIn("dependencies", "peerDependencies", "optionalDependencies");
  return { name: manifest.name, folder, dependencies, devDependencies: namesIn("devDependencies") };
}

/** @param folder From the root. @returns Paths of its sources from the root; built and installed files left out. */
export function listSources(folder: string): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|tsx|mts|js|mjs)$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((path) => !/(^|\/)(node_modules|dist)\//.test(path));
}

export function readSource(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}
