import { expect, it, vi } from "vitest";
import { closeAfter } from "./start.ts";

it("after SIGTERM readiness ends at once, and nothing closes before the delay is over", async () => {
  vi.useFakeTimers();
  const steps: string[] = [];
  const server = { close: async () => void steps.push("closed") };
  const closing = closeAfter(5_000, () => steps.push("announced"), server);
  await vi.advanceTimersByTimeAsync(4_999);
  expect(steps).toEqual(["announced"]);
  await vi.advanceTimersByTimeAsync(1);
  await closing;
  expect(steps).toEqual(["announced", "closed"]);
  vi.useRealTimers();
});
