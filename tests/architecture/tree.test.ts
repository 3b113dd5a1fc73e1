import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { isTest } from "./import-rules.ts";
import { listSources, listWorkspaces, ROOT, readSource } from "./workspaces.ts";

/** Entries that belong to the project, or that tools demand. */
const TOP_LEVEL = new Set([
  ...["apps", "packages", "deploy", "tests"],
  ...["package.json", "tsconfig.json", "biome.json", "vitest.config.ts", "README.md", "LICENSE"],
  ...["package-lock.json", ".gitignore", ".npmrc", ".ci"],
]);
const LINE_LIMIT = 300;
const VAGUE = /^(utils?|helpers?|common|misc|manager)\b|-(utils?|helpers?|manager)\./;

const workspaces = listWorkspaces();
const sources = [...workspaces.map(({ folder }) => `${folder}/src`), "tests"].flatMap(listSources);

describe("the tree", () => {
  it("the top level holds only what belongs there", () => {
    const ignored = readFileSync(join(ROOT, ".gitignore"), "utf8")
      .split("\n")
      .map((line) => line.replaceAll("/", ""));
    const strangers = readdirSync(ROOT).filter(
      (name) => !TOP_LEVEL.has(name) && !ignored.includes(name) && name !== ".git",
    );
    expect(strangers).toEqual([]);
  });

  it("every app and package has a README that names it", () => {
    const missing = workspaces.flatMap(({ name, folder }) => {
      const path = join(ROOT, folder, "README.md");
      if (!existsSync(path)) return [`${folder} has no README.md`];
      return readFileSync(path, "utf8").includes(name) ? [] : [`${folder}/README.md does not say "${name}"`];
    });
    expect(missing).toEqual([]);
  });

  it(`no source (tests apart) is longer than ${LINE_LIMIT} lines`, () => {
    const long = sources
      .filter((path) => !isTest(path))
      .map((path) => ({ path, lines: readSource(path).split("\n").length - 1 }))
      .filter(({ lines }) => lines > LINE_LIMIT)
      .map(({ path, lines }) => `${path} has ${lines} lines`);
    expect(long).toEqual([]);
  });

  it("files are named for what they do", () => {
    expect(sources.filter((path) => VAGUE.test(basename(path)))).toEqual([]);
  });
});
