import { type ChildProcess, fork } from "node:child_process";
import { inspect } from "node:util";

export type Child<Tasks extends Record<string, { input: unknown; output: unknown }>> = {
  pid: number;
  ask<N extends keyof Tasks & string>(task: N, input: Tasks[N]["input"]): Promise<Tasks[N]["output"]>;
  close(): Promise<void>;
};

type Request = { task: string; input: unknown };
type Answer = { ok: true; output: unknown } | { ok: false; error: string };

/** Starts `file` in a process of its own, which answers one question at a time by `answerParent`. */
export function startChild<Tasks extends Record<string, { input: unknown; output: unknown }>>(
  file: string,
): Child<Tasks> {
  const child = fork(file, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  return {
    pid: child.pid ?? 0,
    ask: (task, input) => ask(child, { task, input }),
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.disconnect();
      await ended;
    },
  };
}

function ask<T>(child: ChildProcess, request: Request): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`the child ended with ${code}`));
    child.once("exit", onExit);
    child.once("message", (answer: Answer) => {
      child.off("exit", onExit);
      if (answer.ok) resolve(answer.output as T);
      else reject(new Error(answer.error));
    });
    child.send(request);
  });
}

/** The child's half: ends with its parent. */
export function answerParent(
  tasks: Record<string, (input: never) => unknown>,
  onParentGone: () => void = () => {},
): void {
  process.on("message", async ({ task, input }: Request) => {
    const answer = await attempt(tasks[task], input);
    process.send?.(answer);
  });
  process.once("disconnect", () => {
    onParentGone();
    process.exit(0);
  });
}

async function attempt(act: ((input: never) => unknown) | undefined, input: unknown): Promise<Answer> {
  try {
    if (!act) throw new Error("no such task");
    return { ok: true, output: await act(input as never) };
  } catch (error) {
    return { ok: false, error: inspect(error) };
  }
}
