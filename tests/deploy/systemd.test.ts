import { spawnSync } from "node:child_process";
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { needProgram } from "../setup/programs.ts";
import { settingsOf } from "./process-settings.ts";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, "deploy/systemd");
const units = globSync("*.service", { cwd: FOLDER }).map((name) => {
  const text = readFileSync(join(FOLDER, name), "utf8");
  const directive = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1] ?? "";
  return { name, app: basename(name, ".service").replace("fairlead-", ""), text, directive };
});
const unitOf = (app: string) => units.find((unit) => unit.app === app);

it("each process of a cluster has a unit, which starts it by the Node that npm ci brings", () => {
  expect(units.map(({ app }) => app).sort()).toEqual(["autoscaler", "live", "media-node", "signaling"]);
  for (const { directive } of units) {
    const [program, , entry = ""] = directive("ExecStart").split(" ");
    expect([program, existsSync(join(ROOT, entry))]).toEqual(["/opt/fairlead/node_modules/.bin/node", true]);
  }
});

it("units set only what their process reads, besides where the worker is kept", () => {
  for (const { app, text } of units) {
    const given = [...text.matchAll(/^Environment=(FAIRLEAD_[A-Z_]+)/gm)].map(([, setting = ""]) => setting);
    expect(
      given.filter((setting) => setting !== "FAIRLEAD_CACHE_DIR" && !settingsOf(app).has(setting)),
    ).toEqual([]);
  }
});

it("a node's stop has room for the drain that README.md sets, and its workers live until the end of it", () => {
  const readme = readFileSync(join(FOLDER, "README.md"), "utf8");
  const drainMs = Number(/FAIRLEAD_DRAIN_MS=(\d+)/.exec(readme)?.[1]);
  expect(1_000 * Number(unitOf("media-node")?.directive("TimeoutStopSec"))).toBeGreaterThanOrEqual(
    drainMs + 20_000,
  );
  for (const app of ["media-node", "live"]) expect(unitOf(app)?.directive("KillMode")).toBe("mixed");
});

describe.runIf(process.platform === "linux")("systemd", () => {
  const analyze = (args: string[], { name, text }: { name: string; text: string }) => {
    const folder = mkdtempSync(join(tmpdir(), "fairlead-units-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, name);
    // It wants the program to be there.
    writeFileSync(file, text.replace("/opt/fairlead/node_modules/.bin/node", process.execPath));
    const { status, stdout, stderr } = spawnSync(needProgram("systemd-analyze"), [...args, file], {
      encoding: "utf8",
    });
    return { status, said: stdout + stderr };
  };

  it.each(units)("takes $name as it is", (unit) => {
    expect(analyze(["verify", "--man=no"], unit)).toEqual({ status: 0, said: "" });
  });

  it("would not take a wrong directive", () => {
    const [unit] = units;
    const text =
      unit?.text.replace("KillMode=", "KilMode=").replace("TimeoutStopSec=", "TimeoutStopSecond=") ?? "";
    expect(analyze(["verify", "--man=no"], { name: "wrong.service", text }).said).toContain(
      "TimeoutStopSecond",
    );
  });

  it.each(units)("rates what $name exposes at 2 of 10 at most", (unit) => {
    expect(analyze(["security", "--offline=true", "--threshold=20"], unit)).toMatchObject({ status: 0 });
  });
});
