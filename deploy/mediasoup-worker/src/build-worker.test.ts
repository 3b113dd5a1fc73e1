import { expect, it } from "vitest";
import { readNinjaSteps } from "./build-worker.ts";

it("ninja's steps become whole percents, each told once", () => {
  const percents: number[] = [];
  const readLine = readNinjaSteps((percent) => percents.push(percent));
  for (let step = 0; step <= 300; step++) readLine(`[${step}/300] Compiling C++ object`);
  readLine("warning: [1/2] is no step");
  expect(percents).toEqual(Array.from({ length: 101 }, (_, percent) => percent));
});
