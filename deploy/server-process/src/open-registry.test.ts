import { expect, it } from "vitest";
import { atMostOncePerSecond } from "./open-registry.ts";

it("a registry that fails by turns is reported once in a second", () => {
  const reported: unknown[] = [];
  let nowMs = 0;
  const report = atMostOncePerSecond(
    (error) => reported.push(error),
    () => nowMs,
  );
  for (nowMs = 0; nowMs < 2_500; nowMs += 100) report(nowMs);
  expect(reported).toEqual([0, 1_000, 2_000]);
});
