import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it, onTestFinished } from "vitest";
import { VERSION } from "./version.ts";

const SCRIPT = join(import.meta.dirname, "testing/run-short-life.ts");

/** Runs it, sends each signal once the line before it was logged, and waits for its end. */
async function run(behaviour: string, signals: [after: string, signal: NodeJS.Signals][] = []) {
  const flags = ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];
  const child = spawn(process.execPath, [...flags, SCRIPT, behaviour], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const lines: { msg: string; level: number; error?: { message: string; stack: string } }[] = [];
  for await (const line of createInterface(child.stdout)) {
    lines.push(JSON.parse(line));
    if (lines.at(-1)?.msg === signals[0]?.[0]) child.kill(signals.shift()?.[1]);
  }
  return { code: await ended, lines, events: lines.map(({ msg }) => msg) };
}

describe("a server process", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("ends in good order by %s", async (signal) => {
    const { code, events, lines } = await run("lives", [["process.started", signal]]);
    expect(events).toEqual(["process.started", "process.stopping", "process.stopped"]);
    for (const line of lines)
      expect(line).toMatchObject({ instance: expect.stringMatching(/.-\d+$/), version: VERSION });
    expect(code).toBe(0);
  });

  it("ends at once by a second signal", async () => {
    const { code, events } = await run("hangs_in_stop", [
      ["process.started", "SIGTERM"],
      ["process.stopping", "SIGTERM"],
    ]);
    expect(events.at(-1)).toBe("process.stopping");
    expect(code).toBe(143);
  });

  it("ends at once by a signal before it has started", async () => {
    expect((await run("hangs_in_start", [["test.starting", "SIGINT"]])).code).toBe(130);
  });

  it("that can't start says why and ends with 1", async () => {
    const { code, lines } = await run("fails_to_start");
    expect(lines).toMatchObject([
      { msg: "process.start_failed", error: { message: expect.stringContaining("no port") } },
    ]);
    expect(code).toBe(1);
  });

  it.each(["throws", "rejects"])("that %s what nobody catches logs it once and ends with 1", async (bug) => {
    const { code, lines } = await run(bug);
    const failures = lines.filter(({ msg }) => msg !== "process.started");
    expect(failures).toMatchObject([{ msg: "process.failed", level: 50 }]);
    expect(failures[0]?.error?.stack).toMatch(/a bug[\s\S]*its cause/);
    expect(code).toBe(1);
  });
});
