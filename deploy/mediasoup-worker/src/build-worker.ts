import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { runCommand } from "./run-command.ts";
import type { OnProgress } from "./show-progress.ts";

export type BuildOptions = {
  version: string;
  packageDir: string;
  recipeDir: string;
  /** An empty directory that the caller removes: sources, objects and the binary go there. */
  scratchDir: string;
  /** Gets the output of meson, ninja and the compiler. */
  logFile: string;
  onProgress: OnProgress;
};

const timeoutMs = 60 * 60 * 1000;

/**
 * Builds the worker from the installed npm package by the recipe, which wants its system packages to be there.
 *
 * @returns The path of the binary, in `scratchDir`.
 */
export async function buildWorker(options: BuildOptions): Promise<string> {
  const { logFile, onProgress, packageDir, recipeDir, scratchDir, version } = options;
  const bin = join(scratchDir, "mediasoup-worker");
  const log = createWriteStream(logFile);
  const showStep = readNinjaSteps((percent) => onProgress(`building mediasoup-worker ${version}`, percent));
  onProgress(`building mediasoup-worker ${version} takes some minutes (log: ${logFile})`);
  const outcome = await runCommand(
    "bash",
    [join(recipeDir, "build-worker.sh"), packageDir, bin, join(scratchDir, "build")],
    {
      timeoutMs,
      onLine: (line) => {
        log.write(`${line}\n`);
        showStep(line);
      },
    },
  );
  await new Promise<void>((resolve) => log.end(resolve));
  if (outcome.exitCode !== 0)
    throw new Error(`the build ${outcome.ending} (log: ${logFile})\n${outcome.output}`);
  return bin;
}

/** Ninja begins its lines with `[step/steps]`. Each whole percent is told once. */
export function readNinjaSteps(onPercent: (percent: number) => void): (line: string) => void {
  let lastPercent = -1;
  return (line) => {
    const [, step, steps] = /^\[(\d+)\/(\d+)\]/.exec(line) ?? [];
    const percent = Math.floor((100 * Number(step)) / Number(steps));
    if (!(percent > lastPercent)) return;
    lastPercent = percent;
    onPercent(percent);
  };
}
