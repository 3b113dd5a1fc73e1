import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { makeTempDir } from "./testing/serve-prebuilt.ts";
import { openWorkerCache, withScratchDir } from "./worker-cache.ts";

let dir: string;
let recipeDir: string;

beforeEach(async () => {
  dir = await makeTempDir();
  recipeDir = join(dir, "recipe");
  await mkdir(recipeDir);
});

it.each([
  ["FAIRLEAD_CACHE_DIR", "mediasoup-worker"],
  ["XDG_CACHE_HOME", "fairlead/mediasoup-worker"],
])("the cache is in %s", async (name, place) => {
  const { dir: cacheDir } = await openWorkerCache("3.27.1", recipeDir, { [name]: dir });
  expect(cacheDir).toBe(join(dir, place));
});

it("without either, and with a relative XDG_CACHE_HOME, it is in the home directory", async () => {
  const { dir: cacheDir } = await openWorkerCache("3.27.1", recipeDir, { XDG_CACHE_HOME: "here" });
  expect(cacheDir).toBe(join(homedir(), ".cache", "fairlead", "mediasoup-worker"));
});

it("version and platform set all workers apart, the recipe built ones only", async () => {
  const open = (version: string) => openWorkerCache(version, recipeDir, { FAIRLEAD_CACHE_DIR: dir });
  const before = await open("3.27.1");
  await writeFile(join(recipeDir, "a-shim"), "");
  const after = await open("3.27.1");
  const next = await open("3.28.0");
  expect(after.prebuiltBin).toBe(before.prebuiltBin);
  expect(after.builtBin).not.toBe(before.builtBin);
  expect(next.prebuiltBin).not.toBe(before.prebuiltBin);
  expect(dirname(before.prebuiltBin)).toContain(`3.27.1-${process.platform}-${process.arch}-`);
});

it("a scratch directory that a killed process left is removed in time, one in use is not", async () => {
  const cache = await openWorkerCache("3.27.1", recipeDir, { FAIRLEAD_CACHE_DIR: dir });
  for (const name of ["scratch-old", "scratch-new"]) await mkdir(join(cache.dir, name), { recursive: true });
  await utimes(join(cache.dir, "scratch-old"), new Date(0), new Date(0));
  await withScratchDir(cache, async () => {});
  await expect(readdir(cache.dir)).resolves.toEqual(["scratch-new"]);
});
