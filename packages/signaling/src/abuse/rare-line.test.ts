import { type LogFields, silentLogger } from "@fairlead/telemetry";
import { expect, it } from "vitest";
import { RareLine } from "./rare-line.ts";

it("a line that clients can cause without end is told once a second, with how many were left out", () => {
  const clock = { ms: 5_000 };
  const told: LogFields[] = [];
  const log = { ...silentLogger, warn: (_event: string, fields: LogFields = {}) => void told.push(fields) };
  const line = new RareLine("stranger.refused", () => clock.ms);
  for (let time = 0; time < 25; time += 1) {
    line.warn(log, { time });
    clock.ms += 100;
  }
  expect(told).toEqual([
    { time: 0, leftOut: 0 },
    { time: 10, leftOut: 9 },
    { time: 20, leftOut: 9 },
  ]);
  clock.ms = 0;
  line.warn(log, { time: "clock set back" });
  expect(told.at(-1)).toEqual({ time: "clock set back", leftOut: 4 });
});
