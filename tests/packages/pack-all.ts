import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder with the tarballs of all packages. */
    tarballs: string;
  }
}

/** Once for all tests of packages: the tarballs that are published, as `npm run pack` makes them. */
export function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-tarballs-"));
  execFileSync(process.execPath, [join(import.meta.dirname, "../../packages/pack.ts"), folder], {
    stdio: "pipe",
  });
  project.provide("tarballs", folder);
  return () => rmSync(folder, { recursive: true });
}
