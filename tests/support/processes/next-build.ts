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
import { PROTOCOL_VERSION } from "@fairlead/protocol";

const ROOT = join(import.meta.dirname, "../../..");
const WORKSPACES = ["packages", "apps", "deploy"];

const VERSION_FILE = "packages/protocol/src/version.ts";
/** A place in the sources where the next build has more, wherever that place moves. */
const MARKER = /^ *\/\/ next build: (.+)$/gm;

/** Code in place of the comment `// next build: AT`. */
export type Addition = { at: string; code: string };

/**
 * Copies the workspaces into a temporary folder and adds to the sources there: a build of the next protocol version, whose
 * processes can run beside those of this one. Dependencies are shared.
 *
 * @returns Its root.
 * @throws {Error} The sources have not exactly the markers that the additions name.
 */
export function makeNextBuild(additions: readonly Addition[]): { root: string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), "fairlead-next-"));
  for (const folder of WORKSPACES)
    cpSync(join(ROOT, folder), join(root, folder), { recursive: true, filter: isSource });
  linkDependencies(root);
  raiseVersion(root);
  addAll(root, additions);
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

/** It speaks the next version and this one. */
function raiseVersion(root: string): void {
  const path = join(root, VERSION_FILE);
  const raised = readFileSync(path, "utf8")
    .replace(/PROTOCOL_VERSION = \d+/, `PROTOCOL_VERSION = ${PROTOCOL_VERSION + 1}`)
    .replace("= [PROTOCOL_VERSION]", `= [PROTOCOL_VERSION, ${PROTOCOL_VERSION}]`);
  writeFileSync(path, raised);
}

function addAll(root: string, additions: readonly Addition[]): void {
  const codes = new Map(additions.map(({ at, code }) => [at, code]));
  const met: string[] = [];
  for (const path of sourcesOf(root)) {
    const source = readFileSync(path, "utf8");
    const added = source.replace(MARKER, (_, at: string) => {
      met.push(at);
      return codes.get(at) ?? "";
    });
    if (added !== source) writeFileSync(path, added);
  }
  const [wanted, found] = [[...codes.keys()].sort().join("; "), met.sort().join("; ")];
  if (found !== wanted) throw new Error(`the sources have the markers ${found}; wanted are ${wanted}`);
}

function sourcesOf(root: string): string[] {
  return WORKSPACES.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => join(root, folder, path)),
  );
}
