import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { needProgram } from "../setup/programs.ts";

const SCRIPT = join(import.meta.dirname, "aiortc_peer.py");

export type AiortcStats = {
  location: string;
  state: string;
  frames: number;
  width: number;
  /** Standard deviation of the picture's brightness, 0..127. */
  bright: number;
  /** The largest root mean square of a frame so far, 0..32767. */
  loudness: number;
};

const NOTHING: AiortcStats = { location: "", state: "new", frames: 0, width: 0, bright: 0, loudness: 0 };

/** A Python process with aiortc that publishes or watches until it is closed. */
export function startAiortc(role: "publish" | "watch", at: { url: string; token: string | null }) {
  const words = [SCRIPT, role, at.url, ...(at.token === null ? [] : [at.token])];
  const child = spawn(needProgram("python3-aiortc"), words, { stdio: ["pipe", "pipe", "inherit"] });
  let latest = NOTHING;
  createInterface({ input: child.stdout }).on("line", (line) => {
    latest = JSON.parse(line) as AiortcStats;
  });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  return {
    latest: () => latest,
    /** It says goodbye. */
    close: async () => {
      child.stdin.end();
      await ended;
    },
    /** It vanishes. */
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
