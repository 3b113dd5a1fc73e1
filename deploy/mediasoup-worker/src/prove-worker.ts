import { fileURLToPath } from "node:url";
import { runCommand } from "./run-command.ts";
import { cannotLoadExitCode } from "./start-with-mediasoup-exit-code.ts";

export type ProofOptions = {
  /** The installed mediasoup package, whose worker it is to be. */
  packageDir: string;
  onProgress?: (message: string) => void;
  /** Milliseconds that each of the two steps may take. */
  timeoutMs?: number;
};

const starter = fileURLToPath(new URL("./start-with-mediasoup.ts", import.meta.url));
/** Some Nodes that run this need no such flag, but all accept it. */
const typeStripping = ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];
/** "Missing MEDIASOUP_VERSION", in mediasoup's worker/src/main.cpp. */
const notStartedByMediasoup = 41;

/**
 * Starts a worker, first alone and then by mediasoup's library, and returns when it has ended again.
 *
 * @throws {Error} Says what the worker did instead, with what it wrote.
 */
export async function proveWorker(bin: string, options: ProofOptions): Promise<void> {
  const { timeoutMs = 30_000 } = options;
  await proveItIsAWorker(bin, timeoutMs);
  await proveItServesMediasoup(bin, { ...options, timeoutMs });
}

/** mediasoup's own check of what it has downloaded: it fails on a missing or wrong system library. */
async function proveItIsAWorker(bin: string, timeoutMs: number): Promise<void> {
  const { MEDIASOUP_VERSION: _, ...env } = process.env;
  const outcome = await runCommand(bin, [], { env, timeoutMs, ownGroup: true });
  if (outcome.exitCode === notStartedByMediasoup) return;
  throw new Error(describe(bin, "on its own", outcome));
}

async function proveItServesMediasoup(
  bin: string,
  options: ProofOptions & { timeoutMs: number },
): Promise<void> {
  const { onProgress = () => {}, packageDir, timeoutMs } = options;
  // mediasoup would hand these to the worker in place of its own version, or run it in a debugger.
  const { MEDIASOUP_VERSION: _, MEDIASOUP_USE_VALGRIND: __, ...env } = process.env;
  const args = [...typeStripping, starter, packageDir, bin];
  const outcome = await runCommand(process.execPath, args, { env, timeoutMs, ownGroup: true });
  if (outcome.exitCode === 0) return;
  if (outcome.exitCode !== cannotLoadExitCode) throw new Error(describe(bin, "under mediasoup", outcome));
  onProgress(`${bin} was only started on its own: mediasoup cannot be loaded: ${outcome.output}`);
}

function describe(bin: string, how: string, outcome: { ending: string; output: string }): string {
  return [`${bin}, started ${how}, ${outcome.ending}`, outcome.output].filter(Boolean).join("\n");
}
