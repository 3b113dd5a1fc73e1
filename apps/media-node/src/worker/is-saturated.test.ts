import { expect, it } from "vitest";
import { isSaturated } from "./is-saturated.ts";

it.each([
  [0.5, 1, false],
  [0.5, 500, false],
  [0.8, 1, false],
  [0.8, 101, true],
  [0.94, 50, false],
  [0.96, 1, true],
])("a worker at %d of its core that answers in %d ms is saturated: %s", (load, answerMs, expected) => {
  expect(isSaturated(load, answerMs)).toBe(expected);
});
