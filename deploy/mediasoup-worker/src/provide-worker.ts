import { access, mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildWorker } from "./build-worker.ts";
import { downloadPrebuilt } from "./download-prebuilt.ts";
import { holdLock } from "./hold-lock.ts";
import { type InstalledMediasoup, locateMediasoup } from "./locate-mediasoup.ts";
import { proveWorker } from "./prove-worker.ts";
import type { OnProgress } from "./show-progress.ts";
import { installMissingPackages, type PackageHost } from "./system-packages.ts";
import { keepInCache, openWorkerCache, type WorkerCache, withScratchDir } from "./worker-cache.ts";

export type WorkerSource = "environment" | "installed" | "cache" | "prebuilt" | "built";
export type ProvidedWorker = { bin: string; source: WorkerSource };

export type ProvideWorkerOptions = {
  /** Called for each source that is tried or failed, and with a build's progress. Default: silence. */
  onProgress?: OnProgress;
  /** The installed mediasoup package, if not where Node finds it. */
  packageDir?: string;
  /** Default: the recipe beside this package's sources. */
  recipeDir?: string;
  /**
   * Read from it: MEDIASOUP_WORKER_BIN, FAIRLEAD_CACHE_DIR, XDG_CACHE_HOME, and mediasoup's own
   * MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL and MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD.
   */
  env?: NodeJS.ProcessEnv;
  /** How build tools are looked for and installed. Default: on this machine. */
  packageHost?: PackageHost;
  /** Milliseconds that a worker may take to start, to serve and to end. */
  proofTimeoutMs?: number;
};

type Task = {
  mediasoup: InstalledMediasoup;
  cache: WorkerCache;
  recipeDir: string;
  env: NodeJS.ProcessEnv;
  onProgress: OnProgress;
  packageHost: PackageHost | undefined;
  /** Throws if the worker does not start. */
  prove: (bin: string) => Promise<void>;
  /** Why each source so far failed. */
  failures: string[];
};

const ownRecipe = fileURLToPath(new URL("../recipe", import.meta.url));

/**
 * A worker for the installed mediasoup, proved by starting it: the one that MEDIASOUP_WORKER_BIN names; one that lies
 * in the mediasoup package or in the cache; mediasoup's prebuilt one; one built here. Safe to call from several
 * processes at once.
 *
 * @throws {Error} MEDIASOUP_WORKER_BIN names no working worker, or every source failed: the message says how each did.
 */
export async function provideWorker(options: ProvideWorkerOptions = {}): Promise<ProvidedWorker> {
  const task = await prepare(options);
  const { cache, env, onProgress } = task;
  if (env.MEDIASOUP_WORKER_BIN) return useAskedWorker(env.MEDIASOUP_WORKER_BIN, task);
  const ready = (await useIfThere("installed", installedBin(task), task)) ?? (await useCached(task));
  if (ready !== undefined) return ready;
  await mkdir(cache.dir, { recursive: true });
  const onWait = () => onProgress("waiting for another process that is preparing the mediasoup worker");
  return holdLock(cache.lockDir, () => makeWorker(task), { onWait });
}

async function prepare(options: ProvideWorkerOptions): Promise<Task> {
  const {
    env = process.env,
    onProgress = () => {},
    proofTimeoutMs: timeoutMs,
    recipeDir = ownRecipe,
  } = options;
  const mediasoup = await locateMediasoup(options.packageDir);
  const { packageDir, version } = mediasoup;
  return {
    mediasoup,
    cache: await openWorkerCache(version, recipeDir, env),
    recipeDir,
    env,
    onProgress,
    packageHost: options.packageHost,
    prove: (bin) => proveWorker(bin, { packageDir, onProgress, timeoutMs }),
    failures: [],
  };
}

/** No other source is tried: the operator asked for this one. */
async function useAskedWorker(asked: string, { prove }: Task): Promise<ProvidedWorker> {
  const bin = resolve(asked);
  try {
    await prove(bin);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`MEDIASOUP_WORKER_BIN must name a working mediasoup worker: ${reason}`, { cause });
  }
  return { bin, source: "environment" };
}

/** The path where mediasoup's own install step leaves a worker. It belongs to the package, so its version is right. */
function installedBin({ mediasoup }: Task): string {
  return join(mediasoup.packageDir, "worker", "out", "Release", "mediasoup-worker");
}

async function useCached(task: Task): Promise<ProvidedWorker | undefined> {
  const { builtBin, prebuiltBin } = task.cache;
  return (await useIfThere("cache", prebuiltBin, task)) ?? (await useIfThere("cache", builtBin, task));
}

async function useIfThere(
  source: WorkerSource,
  bin: string,
  task: Task,
): Promise<ProvidedWorker | undefined> {
  const isThere = await access(bin).then(
    () => true,
    () => false,
  );
  return isThere ? attempt(source, task, () => proved(bin, task)) : undefined;
}

async function makeWorker(task: Task): Promise<ProvidedWorker> {
  // Another process may have made it while this one waited for the lock.
  const made = (await useCached(task)) ?? (await usePrebuilt(task)) ?? (await useBuilt(task));
  if (made !== undefined) return made;
  const { version } = task.mediasoup;
  throw new Error(`There is no working mediasoup worker ${version}:\n${task.failures.join("\n")}`);
}

function usePrebuilt(task: Task): Promise<ProvidedWorker | undefined> {
  const { cache, env, mediasoup, onProgress } = task;
  return attempt("prebuilt", task, async () => {
    if (env.MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD)
      throw new Error("MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD is set");
    onProgress(`downloading mediasoup-worker ${mediasoup.version}`);
    return withScratchDir(cache, async (scratchDir) => {
      const bin = await downloadPrebuilt({ version: mediasoup.version, scratchDir, env });
      await keepInCache(await proved(bin, task), cache.prebuiltBin);
      return cache.prebuiltBin;
    });
  });
}

function useBuilt(task: Task): Promise<ProvidedWorker | undefined> {
  const { cache, mediasoup, onProgress, packageHost, recipeDir } = task;
  return attempt("built", task, async () => {
    await installMissingPackages(onProgress, packageHost);
    return withScratchDir(cache, async (scratchDir) => {
      const bin = await buildWorker({
        ...mediasoup,
        recipeDir,
        scratchDir,
        logFile: cache.buildLog,
        onProgress,
      });
      await keepInCache(await proved(bin, task), cache.builtBin);
      return cache.builtBin;
    });
  });
}

async function proved(bin: string, { prove }: Task): Promise<string> {
  await prove(bin);
  return bin;
}

/** Tells why a source failed, and leaves it to the next. */
async function attempt(
  source: WorkerSource,
  { failures, onProgress }: Task,
  obtain: () => Promise<string>,
): Promise<ProvidedWorker | undefined> {
  try {
    return { bin: await obtain(), source };
  } catch (error) {
    const failure = `${source}: ${error instanceof Error ? error.message : error}`;
    failures.push(failure);
    onProgress(failure);
    return undefined;
  }
}
