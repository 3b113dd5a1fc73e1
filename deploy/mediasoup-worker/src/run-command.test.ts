import { expect, it } from "vitest";
import { runCommand } from "./run-command.ts";
import { isRunning } from "./testing/is-running.ts";

it("a command's lines and exit code are its outcome", async () => {
  const lines: string[] = [];
  const outcome = await runCommand("sh", ["-c", "echo one; echo two >&2; exit 3"], {
    timeoutMs: 5_000,
    onLine: (line) => lines.push(line),
  });
  expect(outcome).toMatchObject({ exitCode: 3, ending: "exited with code 3" });
  expect(lines.sort()).toEqual(["one", "two"]);
});

it("a command that is not there is an outcome too", async () => {
  const outcome = await runCommand("no-such-command", [], { timeoutMs: 5_000 });
  expect(outcome).toMatchObject({ exitCode: null, ending: expect.stringContaining("ENOENT") });
});

it("a child that is left behind with the pipes does not hold the outcome up", async () => {
  const outcome = await runCommand("sh", ["-c", "echo one; sleep 20 &"], { timeoutMs: 10_000 });
  expect(outcome).toMatchObject({ exitCode: 0, output: "one" });
});

it("a group of its own ends with the command", async () => {
  const outcome = await runCommand("sh", ["-c", "sleep 20 & echo $!"], { timeoutMs: 10_000, ownGroup: true });
  await expect.poll(() => isRunning(Number(outcome.output))).toBe(false);
});
