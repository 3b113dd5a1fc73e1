/** Provides a worker and prints its path as the last line of stdout; progress goes to stderr. */
import { provideWorker } from "./provide-worker.ts";
import { showProgress } from "./show-progress.ts";

try {
  const { bin, source } = await provideWorker({ onProgress: showProgress(process.stderr) });
  process.stderr.write(`mediasoup-worker: ${source}\n`);
  process.stdout.write(`${bin}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
