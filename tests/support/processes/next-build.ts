import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";

const ROOT = join(import.meta.dirname, "../../..");
const WORKSPACES = ["packages", "apps", "deploy"];

/** A change to one source: the first of `find` becomes `replace`. */
export type Edit = { file: string; find: string | RegExp; replace: string };

/**
 * Copies the workspaces into a temporary folder and changes sources there: another build, whose processes can run beside those
 * of this one. Dependencies are shared.
 *
 * @returns Its root.
 * @throws {Error} An edit fits nowhere, since the sources have changed: it is named.
 */
export function makeNextBuild(edits: readonly Edit[]): { root: string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), "fairlead-next-"));
  for (const folder of WORKSPACES)
    cpSync(join(ROOT, folder), join(root, folder), { recursive: true, filter: isSource });
  linkDependencies(root);
  for (const edit of edits) applyEdit(root, edit);
  return { root, remove: () => rmSync(root, { recursive: true, force: true }) };
}

function isSource(path: string): boolean {
  const parts = relative(ROOT, path).split(sep);
  return !parts.includes("node_modules") && !parts.includes("dist");
}

/** As they are, but for those that are workspaces: these are the copy's own. */
function linkDependencies(root: string): void {
  const [from, to] = [join(ROOT, "node_modules"), join(root, "node_modules")];
  mkdirSync(join(to, "@fairlead"), { recursive: true });
  for (const name of readdirSync(from)) {
    if (name !== "@fairlead" && !name.startsWith(".")) symlinkSync(join(from, name), join(to, name));
  }
  for (const group of WORKSPACES)
    for (const folder of readdirSync(join(root, group), { withFileTypes: true })) {
      if (!folder.isDirectory()) continue;
      const name = nameOf(join(root, group, folder.name));
      if (name) symlinkSync(join("../..", group, folder.name), join(to, name));
    }
}

/** @returns null for a folder that is no workspace. */
function nameOf(folder: string): string | null {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).name;
  } catch {
    return null;
  }
}

function applyEdit(root: string, { file, find, replace }: Edit): void {
  const path = join(root, file);
  const source = readFileSync(path, "utf8");
  const edited = source.replace(find, replace);
  if (edited === source) throw new Error(`${file} has no ${find}: the edit must follow the source`);
  writeFileSync(path, edited);
}
