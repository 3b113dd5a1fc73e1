import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { RunningClock } from "../running-clock.ts";
import { memoryStore } from "../testing/scripted-channels.ts";
import { CAPABILITIES } from "../testing/scripted-signaling.ts";
import { CapabilitiesCache, forgetCapabilities } from "./capabilities-cache.ts";

const NIGHT_MS = 8 * 3_600_000;

let nowMs: number;
let clock: RunningClock;
let app: AbortController;
const request = vi.fn<() => Promise<Response>>();

beforeEach(() => {
  forgetCapabilities();
  nowMs = 0;
  clock = new RunningClock(() => nowMs);
  app = new AbortController();
  request.mockReset();
  vi.stubGlobal("fetch", request);
});
afterEach(() => {
  clock.close();
  vi.unstubAllGlobals();
});

function load(giveUpAfterMs = 60_000) {
  const policy = { giveUpAfterMs, nextDelayMs: () => 0 };
  const cache = new CapabilitiesCache("https://meet.example", memoryStore());
  return cache.load({ policy, clock, random: () => 0, signal: app.signal });
}

/** The request is lost, after this time. */
function loseAfter(ms: number) {
  return async () => {
    nowMs += ms;
    throw new TypeError("the network has changed");
  };
}

it("a request that sleep has cost is made again on waking", async () => {
  request.mockImplementationOnce(loseAfter(NIGHT_MS)).mockResolvedValueOnce(Response.json(CAPABILITIES));
  expect(await load()).toEqual(CAPABILITIES);
  expect(request).toHaveBeenCalledTimes(2);
});

it.each([
  [60_000, 5],
  [2_000, 2],
])(
  "with a patience of %i ms, a request that takes a second and is lost is made %i times",
  async (ms, times) => {
    request.mockImplementation(loseAfter(1_000));
    await expect(load(ms)).rejects.toMatchObject({ code: "signaling_unreachable" });
    expect(request).toHaveBeenCalledTimes(times);
  },
);

it("signaling that restarts is asked again", async () => {
  const error = { code: "shutting_down", message: "restarts" };
  request
    .mockResolvedValueOnce(Response.json({ error }, { status: 503 }))
    .mockResolvedValueOnce(Response.json(CAPABILITIES));
  expect(await load()).toEqual(CAPABILITIES);
});

it.each([
  ["a refusal that stays is not asked again", { code: "internal", message: "no" }],
  [
    "nor one that lasts longer than the patience",
    { code: "rate_limited", message: "no", retryAfterMs: 20_000 },
  ],
])("%s", async (_, error) => {
  request.mockResolvedValue(Response.json({ error }, { status: 503 }));
  await expect(load()).rejects.toMatchObject({ code: error.code });
  expect(request).toHaveBeenCalledTimes(1);
});

it("a join that is given up asks no more", async () => {
  request.mockImplementation(async () => {
    app.abort(new Error("the component is gone"));
    throw new TypeError("aborted");
  });
  await expect(load()).rejects.toThrow("the component is gone");
  expect(request).toHaveBeenCalledTimes(1);
});
