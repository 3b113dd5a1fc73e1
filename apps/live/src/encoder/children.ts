import type { ChildProcess } from "node:child_process";

export type RunningChild = { id: string; kind: "process"; pid: number };

/** Every program that this process has started and that runs, whoever wants it still. */
export class Children {
  readonly #running = new Map<string, ChildProcess>();

  watch(child: ChildProcess): void {
    if (child.pid === undefined) return;
    const id = idOf(child.pid);
    this.#running.set(id, child);
    child.once("exit", () => this.#running.delete(id));
  }

  entries(): RunningChild[] {
    return [...this.#running].flatMap(([id, { pid }]) =>
      pid === undefined ? [] : { id, kind: "process", pid },
    );
  }

  /** Does nothing if it is gone. */
  close(id: string): void {
    this.#running.get(id)?.kill("SIGKILL");
  }
}

function idOf(pid: number): string {
  return `ffmpeg-${pid}`;
}
