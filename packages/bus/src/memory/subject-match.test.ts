import { describe, expect, it } from "vitest";
import { subjectMatches } from "./subject-match.ts";

describe("subjectMatches", () => {
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
    expect(subjectMatches(pattern, subject)).toBe(matches);
  });
});
