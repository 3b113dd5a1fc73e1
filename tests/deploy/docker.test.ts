import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { settingsOf } from "./process-settings.ts";

const ROOT = join(import.meta.dirname, "../..");
const TARGETS = ["signaling", "media-node", "live", "autoscaler"];

type Instruction = { name: string; words: string };
type Stage = { base: string; instructions: Instruction[] };

/** Stages by name. */
function readStages(): Map<string, Stage> {
  const text = readFileSync(join(ROOT, "deploy/docker/Dockerfile"), "utf8");
  const lines = text
    .replaceAll(/^\s*#.*\n/gm, "")
    .replaceAll(/\\\n\s*/g, "")
    .split("\n")
    .filter(Boolean);
  const stages = new Map<string, Stage>();
  let current: Stage = { base: "", instructions: [] };
  for (const line of lines) {
    const [name = "", ...rest] = line.split(" ");
    const [base = "", , stage = ""] = rest;
    if (name === "FROM") {
      current = { base, instructions: [] };
      stages.set(stage, current);
    } else current.instructions.push({ name, words: rest.join(" ") });
  }
  return stages;
}

const stages = readStages();

/** With those of the stages below, in the order in which they act. */
function instructionsOf(stage: string): Instruction[] {
  const { base = "", instructions = [] } = stages.get(stage) ?? {};
  return [...(stages.has(base) ? instructionsOf(base) : []), ...instructions];
}

const wordsOf = (stage: string, name: string) =>
  instructionsOf(stage).flatMap((each) => (each.name === name ? [each.words] : []));

describe.each(TARGETS)("the image %s", (target) => {
  it("starts its app's entry by Node itself, so that signals reach it", () => {
    const command = JSON.parse(wordsOf(target, "ENTRYPOINT").at(-1) ?? "[]") as string[];
    expect(command[0]).toBe("node");
    expect(command.at(-1)).toBe(`apps/${target}/src/main.ts`);
    expect(existsSync(join(ROOT, command.at(-1) ?? ""))).toBe(true);
  });

  it("runs as a user that owns nothing in it", () => {
    expect(wordsOf(target, "USER").at(-1)).toBe("10001");
    expect(instructionsOf(target).findLastIndex(({ name }) => name === "COPY")).toBeLessThan(
      instructionsOf(target).findIndex(({ name }) => name === "USER"),
    );
    expect(wordsOf(target, "COPY").join(" ")).not.toContain("--chown");
  });

  it("has a health check, and only settings that its process reads", () => {
    expect(wordsOf(target, "HEALTHCHECK").at(-1)).toContain("deploy/docker/src/is-alive.ts");
    const settings = wordsOf(target, "ENV").flatMap((words) => words.match(/FAIRLEAD_[A-Z_]+/g) ?? []);
    expect(settings.filter((setting) => !settingsOf(target).has(setting))).toEqual([]);
  });

  it("copies from stages that there are, and has the app's own packages from one that installed them", () => {
    const from = wordsOf(target, "COPY").flatMap((words) => /--from=(\S+)/.exec(words)?.[1] ?? []);
    expect(from.filter((stage) => !stages.has(stage))).toEqual([]);
    expect(from).toContain(`${target}-app`);
    const manifest = JSON.parse(readFileSync(join(ROOT, `apps/${target}/package.json`), "utf8")) as {
      name: string;
    };
    expect(wordsOf(`${target}-app`, "RUN").at(-1)).toBe(`deploy/docker/install-app.sh ${manifest.name}`);
  });
});

it("images that forward media start their worker while they are built, as the user that they run as", () => {
  for (const target of ["media-node", "live"]) {
    const last = instructionsOf(target)
      .filter(({ name }) => ["RUN", "USER"].includes(name))
      .slice(-2);
    expect(last).toEqual([
      { name: "USER", words: "10001" },
      { name: "RUN", words: '["node", "deploy/mediasoup-worker/src/cli.ts"]' },
    ]);
  }
});
