import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export type InstalledMediasoup = { packageDir: string; version: string };

/**
 * The installed mediasoup npm package. Its version is the version that a worker must have.
 *
 * @param packageDir Where it is, if not where Node finds it.
 */
export async function locateMediasoup(packageDir: string = findPackageDir()): Promise<InstalledMediasoup> {
  const { version } = JSON.parse(await readFile(join(packageDir, "package.json"), "utf8"));
  if (typeof version !== "string") throw new Error(`${packageDir}/package.json has no version`);
  return { packageDir, version };
}

/** By way of its entry, node/lib/index.js: mediasoup does not export its package.json. */
function findPackageDir(): string {
  try {
    return dirname(dirname(dirname(createRequire(import.meta.url).resolve("mediasoup"))));
  } catch (cause) {
    throw new Error("The npm package mediasoup is not installed: run npm ci", { cause });
  }
}
