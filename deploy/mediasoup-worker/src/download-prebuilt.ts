import { createWriteStream } from "node:fs";
import { chmod, lstat } from "node:fs/promises";
import { release } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { runCommand } from "./run-command.ts";

export type DownloadOptions = {
  version: string;
  /** An empty directory that the caller removes: the archive and the binary go there. */
  scratchDir: string;
  env: NodeJS.ProcessEnv;
  /** Milliseconds until the server must have begun to answer. */
  answerTimeoutMs?: number;
  /** Milliseconds for the whole download. */
  timeoutMs?: number;
};

const releases = "https://github.com/versatica/mediasoup/releases/download";

/**
 * Downloads the worker that mediasoup builds for its releases. Name, place and layout of the archive follow
 * downloadPrebuiltWorker() in mediasoup's npm-scripts.mjs. The caller must prove that it runs here: it may need
 * another libc.
 *
 * @returns The path of the binary, in `scratchDir`.
 */
export async function downloadPrebuilt(options: DownloadOptions): Promise<string> {
  const { env, scratchDir, version } = options;
  const base = env.MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL || releases;
  const archive = join(scratchDir, "prebuilt.tgz");
  await download(`${base}/${version}/${archiveName(version)}`, archive, options);
  return unpack(archive, scratchDir);
}

/** mediasoup builds one worker per major version of the Linux kernel. */
export function archiveName(version: string): string {
  const kernel = process.platform === "linux" ? `-kernel${Number.parseInt(release(), 10)}` : "";
  return `mediasoup-worker-${version}-${process.platform}-${process.arch}${kernel}.tgz`;
}

async function download(url: string, file: string, options: DownloadOptions): Promise<void> {
  const { answerTimeoutMs = 10_000, timeoutMs = 120_000 } = options;
  const answer = new AbortController();
  const timer = setTimeout(
    () => answer.abort(new Error(`no answer within ${answerTimeoutMs / 1000} s`)),
    answerTimeoutMs,
  );
  const signal = AbortSignal.any([answer.signal, AbortSignal.timeout(timeoutMs)]);
  try {
    const response = await fetch(url, { signal });
    clearTimeout(timer);
    if (!response.ok || response.body === null)
      throw new Error(`HTTP ${response.status} ${response.statusText}`);
    await pipeline(response.body, createWriteStream(file), { signal });
  } catch (cause) {
    throw new Error(`${url}: ${rootMessage(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/** The archive holds the binary and no folder. Nothing else in it is unpacked. */
async function unpack(archive: string, dir: string): Promise<string> {
  const outcome = await runCommand("tar", ["-xzf", archive, "-C", dir, "mediasoup-worker"], {
    timeoutMs: 60_000,
  });
  if (outcome.exitCode !== 0) throw new Error(`tar ${outcome.ending}\n${outcome.output}`);
  const bin = join(dir, "mediasoup-worker");
  if (!(await lstat(bin)).isFile()) throw new Error("mediasoup-worker in the archive is no file");
  await chmod(bin, 0o755);
  return bin;
}

/** fetch() says "fetch failed" and keeps the reason in its cause. */
function rootMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message || error.name : rootMessage(error.cause);
}
