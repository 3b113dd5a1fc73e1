import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const ENCODERS = ["libopus", "libx264"];
const TIMEOUT_MS = 10_000;

/**
 * Looks for an ffmpeg that can do what encoders' streams need.
 * @param program A path, or a name in PATH.
 * @returns What is missing, in words; null: nothing is.
 */
export async function whyNoFfmpeg(program: string): Promise<string | null> {
  try {
    const { stdout } = await run(program, ["-hide_banner", "-encoders"], { timeout: TIMEOUT_MS });
    const missing = ENCODERS.filter((name) => !stdout.includes(` ${name} `));
    return missing.length > 0 ? `${program} is built without ${missing.join(" and ")}` : null;
  } catch {
    return `there is no ffmpeg that runs as ${program}`;
  }
}
