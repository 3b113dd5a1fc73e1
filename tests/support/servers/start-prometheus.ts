import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needProgram } from "../../setup/programs.ts";
import { atExit } from "../processes/at-exit.ts";
import { dieWithParent } from "../processes/die-with-parent.ts";
import { freePort } from "./free-port.ts";

export type Sample = { metric: Record<string, string>; value: number };

/** A real Prometheus on a free port, with an empty folder. @param files By name; `prometheus.yml` is its configuration. */
export async function startPrometheus(files: Record<string, string>) {
  const folder = mkdtempSync(join(tmpdir(), "fairlead-prometheus-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const port = await freePort();
  const [command, rest] = dieWithParent([
    needProgram("prometheus"),
    `--config.file=${join(folder, "prometheus.yml")}`,
    `--storage.tsdb.path=${join(folder, "data")}`,
    `--web.listen-address=127.0.0.1:${port}`,
    "--log.level=error",
  ]);
  const child = spawn(command, rest, { stdio: "inherit" });
  const forget = atExit(() => void child.kill("SIGKILL"));
  const ask = async <T>(path: string): Promise<T> => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/${path}`);
    const { data, error } = (await answer.json()) as { data: T; error?: string };
    if (error !== undefined) throw new Error(`Prometheus: ${error}`);
    return data;
  };
  return {
    /** Resolves to nothing while it is being started. */
    query: async (expression: string): Promise<Sample[]> => {
      const path = `query?query=${encodeURIComponent(expression)}`;
      const { result } = await ask<{ result: { metric: Sample["metric"]; value: [number, string] }[] }>(path);
      return result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
    },
    names: () => ask<string[]>("label/__name__/values"),
    close: async () => {
      forget();
      child.kill("SIGKILL");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
