import { randomUUID } from "node:crypto";
import { mkdir, rename, rm, stat, utimes } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

export type LockOptions = {
  /** Called once if another process holds the lock. */
  onWait?: () => void;
  /** Milliseconds without a sign of life after which the holder counts as gone. */
  staleMs?: number;
  pollMs?: number;
};

/**
 * Runs `work` while holding a directory as a lock, so that two processes do not do the same long work at once.
 *
 * A sign of life is used rather than a process id, which means nothing across containers that share a volume. A holder
 * that was suspended may find its lock taken: what `work` makes must be safe to make twice.
 */
export async function holdLock<T>(
  lockDir: string,
  work: () => Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const { staleMs = 10_000 } = options;
  await takeLock(lockDir, { staleMs, ...options });
  const signOfLife = setInterval(() => touch(lockDir), staleMs / 4);
  try {
    return await work();
  } finally {
    clearInterval(signOfLife);
    await rm(lockDir, { recursive: true, force: true });
  }
}

async function takeLock(lockDir: string, options: LockOptions & { staleMs: number }): Promise<void> {
  const { onWait = () => {}, pollMs = 250, staleMs } = options;
  for (let attempt = 0; !(await makeDir(lockDir)); attempt++) {
    if (attempt === 0) onWait();
    const wasStale = await isStale(lockDir, staleMs);
    await sleep(pollMs);
    // Looked at twice: if all of this machine stood still, its holder gives the next sign of life now.
    if (wasStale && (await isStale(lockDir, staleMs))) await removeStale(lockDir);
  }
}

async function makeDir(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    throw error;
  }
}

async function isStale(lockDir: string, staleMs: number): Promise<boolean> {
  const { mtimeMs } = await stat(lockDir).catch(() => ({ mtimeMs: Date.now() }));
  return Date.now() - mtimeMs > staleMs;
}

/** Renames first: of several that find it stale, one gets it. */
async function removeStale(lockDir: string): Promise<void> {
  const grave = `${lockDir}-${randomUUID()}`;
  await rename(lockDir, grave).catch(() => {});
  await rm(grave, { recursive: true, force: true });
}

function touch(path: string): void {
  const now = new Date();
  utimes(path, now, now).catch(() => {});
}
