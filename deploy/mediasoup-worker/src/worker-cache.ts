import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";

/** Where workers are kept: outside node_modules, so that npm ci does not lose them. */
export type WorkerCache = {
  dir: string;
  /** mediasoup's own binary. */
  prebuiltBin: string;
  /** The binary that the recipe in its present state makes. */
  builtBin: string;
  buildLog: string;
  lockDir: string;
};

const abandonedAfterMs = 6 * 60 * 60 * 1000;

/**
 * The cache of one mediasoup version on this platform; its folder may be missing. Built workers are told apart by their recipe as well, and all by
 * their libc: a home directory may be shared by systems whose binaries do not run on one another.
 */
export async function openWorkerCache(
  version: string,
  recipeDir: string,
  env: NodeJS.ProcessEnv,
): Promise<WorkerCache> {
  const dir = join(cacheHome(env), "mediasoup-worker");
  const key = `${version}-${process.platform}-${process.arch}-${libcName()}`;
  const builtKey = `${key}-recipe-${await hashFiles(recipeDir)}`;
  return {
    dir,
    prebuiltBin: join(dir, `${key}-prebuilt`, "mediasoup-worker"),
    builtBin: join(dir, builtKey, "mediasoup-worker"),
    buildLog: join(dir, `${builtKey}.build.log`),
    lockDir: join(dir, `${key}.lock`),
  };
}

/** Puts a finished binary in its place in one step: others see all of it or nothing. */
export async function keepInCache(finishedBin: string, cachedBin: string): Promise<void> {
  await mkdir(dirname(cachedBin), { recursive: true });
  await rename(finishedBin, cachedBin);
}

/** Gives `work` a directory on the cache's file system, and removes it afterwards. */
export async function withScratchDir<T>(cache: WorkerCache, work: (dir: string) => Promise<T>): Promise<T> {
  await removeAbandonedScratchDirs(cache);
  const scratch = await mkdtemp(join(cache.dir, "scratch-"));
  try {
    return await work(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** A process that was killed could not remove its own. */
async function removeAbandonedScratchDirs(cache: WorkerCache): Promise<void> {
  for (const name of await readdir(cache.dir)) {
    if (!name.startsWith("scratch-")) continue;
    const path = join(cache.dir, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > abandonedAfterMs) await rm(path, { recursive: true, force: true });
  }
}

function cacheHome(env: NodeJS.ProcessEnv): string {
  if (env.FAIRLEAD_CACHE_DIR) return resolve(env.FAIRLEAD_CACHE_DIR);
  // The XDG Base Directory Specification has relative paths ignored.
  const xdg = env.XDG_CACHE_HOME;
  return join(xdg && isAbsolute(xdg) ? xdg : join(homedir(), ".cache"), "fairlead");
}

function libcName(): string {
  if (process.platform !== "linux") return "system";
  if (process.report === undefined) return "unknown";
  // Else the report looks up the name of every open connection's peer.
  Object.assign(process.report, { excludeNetwork: true });
  const report: { header?: { glibcVersionRuntime?: string } } = process.report.getReport();
  const glibc = report.header?.glibcVersionRuntime;
  return glibc === undefined ? "musl" : `glibc${glibc}`;
}

async function hashFiles(dir: string): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const path of paths.sort()) {
    hash
      .update(`${relative(dir, path)}\0`)
      .update(await readFile(path))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 12);
}
