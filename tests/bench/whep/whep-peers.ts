import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { needProgram } from "../../setup/programs.ts";

/** Clients in a Python process: aiortc's own DTLS and SRTP, and no decoders. */
type Tasks = {
  /** 30 frames of four packets a second, a key frame whenever somebody asks for one. */
  publish: { input: { name: string; url: string; token: string | null }; output: object };
  /** Resolves once each of them had a whole key frame, or failed; by turns with these payload types. */
  watch: {
    input: { url: string; count: number; perSecond: number; payloadTypes: number[] };
    output: { firstRtpMs: number[]; firstFrameMs: number[]; failures: string[] };
  };
  leave: { input: object; output: object };
  /** Of a publisher, since it began. */
  count: { input: { name: string }; output: { packets: number; keyFrameRequests: number } };
};

export type WhepPeers = ReturnType<typeof startWhepPeers>;

export function startWhepPeers() {
  const child = spawn(needProgram("python3-aiortc"), [join(import.meta.dirname, "whep_peers.py")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pid: child.pid ?? 0,
    /** One at a time. */
    ask: async <N extends keyof Tasks>(task: N, input: Tasks[N]["input"]): Promise<Tasks[N]["output"]> => {
      child.stdin.write(`${JSON.stringify({ task, input })}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error("the peers' process ended");
      const { output, error } = JSON.parse(value);
      if (error !== undefined) throw new Error(`${task}: ${error}`);
      return output;
    },
    close: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;
    },
  };
}
