import { dirname, join } from "node:path/posix";

/** @returns The files of a workspace that a file imports by relative path, types included. */
export function filesImported(path: string, specifiers: readonly string[]): string[] {
  return specifiers
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => join(dirname(path), specifier));
}

/**
 * @param imports What each file imports.
 * @returns Groups of files of which each imports every other one of its group, directly or by way of others (Tarjan's strongly
 * connected components of more than one file, or of a file that imports itself). Sorted.
 */
export function findCircles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const visited = new Map<string, { index: number; low: number }>();
  const open: string[] = [];
  const circles: string[][] = [];

  function visit(file: string): { index: number; low: number } {
    const own = { index: visited.size, low: visited.size };
    visited.set(file, own);
    open.push(file);
    for (const next of imports.get(file) ?? []) {
      const seen = visited.get(next);
      if (!seen) own.low = Math.min(own.low, visit(next).low);
      else if (open.includes(next)) own.low = Math.min(own.low, seen.index);
    }
    if (own.low === own.index) close(file);
    return own;
  }

  function close(file: string): void {
    const group = open.splice(open.indexOf(file)).sort();
    if (group.length > 1 || imports.get(file)?.includes(file)) circles.push(group);
  }

  for (const file of imports.keys()) if (!visited.has(file)) visit(file);
  return circles.sort((a, b) => (String(a) < String(b) ? -1 : 1));
}
