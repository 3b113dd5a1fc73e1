import { describe, expect, it } from "vitest";
import { filesImported, findCircles } from "./import-circles.ts";
import { importsOf } from "./source-text.ts";
import { listSources, listWorkspaces, readSource } from "./workspaces.ts";

describe("imports of files, types included", () => {
  const folders = [...listWorkspaces().map(({ folder }) => `${folder}/src`), "tests"];

  it.each(folders)("make no circle in %s", (folder) => {
    const sources = listSources(folder);
    const imports = sources.map((path) => [path, filesImported(path, importsOf(readSource(path)))] as const);
    expect(findCircles(new Map(imports))).toEqual([]);
  });
});

describe("the search for circles", () => {
  it("finds every file of each circle, and none that only leads to one", () => {
    const imports = new Map([
      ["a", ["b", "x"]],
      ["b", ["c"]],
      ["c", ["a", "outside"]],
      ["x", ["y"]],
      ["y", ["x"]],
      ["z", ["a"]],
      ["self", ["self"]],
    ]);
    expect(findCircles(imports)).toEqual([["a", "b", "c"], ["self"], ["x", "y"]]);
  });

  it("finds none where a file is imported by two ways", () => {
    const imports = new Map([
      ["a", ["b", "c"]],
      ["b", ["d"]],
      ["c", ["d"]],
    ]);
    expect(findCircles(imports)).toEqual([]);
  });

  it("follows types, and takes paths from the importing file", () => {
    const source = `import type { B } from "../b/b.ts"; export * from "./c.ts"; import { z } from "zod";`;
    expect(filesImported("apps/x/src/a/a.ts", importsOf(source))).toEqual([
      "apps/x/src/b/b.ts",
      "apps/x/src/a/c.ts",
    ]);
  });
});
