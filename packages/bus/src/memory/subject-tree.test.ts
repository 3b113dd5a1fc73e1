import { describe, expect, it } from "vitest";
import { SubjectTree } from "./subject-tree.ts";

describe("a pattern of subjects", () => {
  it.each<[pattern: string, subject: string, matches: boolean]>([
    ["a.b", "a.b", true],
    ["a.b", "a.bc", false],
    ["a.b", "a", false],
    ["a", "a.b", false],
    ["*", "a", true],
    ["*", "a.b", false],
    ["a.*.c", "a.b.c", true],
    ["a.*.c", "a.b.d", false],
    ["a.*", "a", false],
    ["a.>", "a.b", true],
    ["a.>", "a.b.c.d", true],
    ["a.>", "a", false],
    [">", "a", true],
    ["*.>", "a", false],
    ["A.b", "a.b", false],
  ])("%s ~ %s: %s", (pattern, subject, matches) => {
    const tree = new SubjectTree<string>();
    tree.add(pattern, "listener");
    expect(tree.matching(subject)).toEqual(matches ? ["listener"] : []);
    tree.delete(pattern, "listener");
    expect(tree.matching(subject)).toEqual([]);
  });
});
