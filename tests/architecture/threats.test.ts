import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ROOT } from "./workspaces.ts";

type Line = { threat: string; path: string; name: string };

/** Rows of tables: threat, what holds it, `path` "name". */
const ROW = /^\|(.*?)\|(.*?)\|(.*)\|$/;
const TEST = /^`([^`]+)` "(.+)"$/;

function readLines(): Line[] {
  const text = readFileSync(join(ROOT, "packages/signaling/THREATS.md"), "utf8");
  const rows = text.split("\n").flatMap((line) => {
    const cells = ROW.exec(line)
      ?.slice(1)
      .map((cell) => cell.trim());
    return cells ? [cells] : [];
  });
  return rows
    .filter(([threat = ""]) => threat !== "threat" && !/^-+$/.test(threat))
    .map(([threat = "", , test = ""]) => {
      const [, path = "", name = ""] = TEST.exec(test) ?? [];
      return { threat, path, name };
    });
}

describe("the list of threats", () => {
  const lines = readLines();

  it("has lines, each with one test", () => {
    expect(lines.length).toBeGreaterThan(50);
    expect(lines.filter(({ path, name }) => path === "" || name === "")).toEqual([]);
  });

  it("names tests that are there, by their own words", () => {
    const missing = lines.filter(({ path, name }) => !existsSync(join(ROOT, path)) || !isIn(path, name));
    expect(missing).toEqual([]);
  });
});

/** As the first argument of a call, whole. */
function isIn(path: string, name: string): boolean {
  const source = readFileSync(join(ROOT, path), "utf8").replaceAll(/\(\s+/g, "(");
  return ['"', "'", "`"].some((quote) => source.includes(`(${quote}${name}${quote},`));
}
