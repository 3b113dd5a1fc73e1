import type { ErrorCode } from "@fairlead/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { OpenHlsEngine } from "./hls-engine.ts";
import { HlsPlayer } from "./hls-player.ts";

/** The server's answers, in order; the last one stays. A number is a status with its usual code. */
let answers: (200 | keyof typeof REFUSALS)[];
const REFUSALS = { 401: "ticket_expired", 403: "banned", 409: "broadcast_not_live", 410: "broadcast_ended" };
let asked: (string | null)[];
let opened: { url: string; onLost: () => void; isClosed: boolean }[];
let ended: ErrorCode | undefined;
let player: HlsPlayer;
const video = { currentTime: 0, ended: false };
let isFlowing: boolean;

const openEngine: OpenHlsEngine = async (_video, url, onLost) => {
  const one = { url, onLost, isClosed: false };
  opened.push(one);
  const close = () => {
    one.isClosed = true;
  };
  return { latencyMs: () => 1_400, heights: () => [720], choose: () => {}, close };
};

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  opened = [];
  ended = undefined;
  isFlowing = true;
  Object.assign(video, { currentTime: 0, ended: false });
  setInterval(() => {
    if (isFlowing && opened.some(({ isClosed }) => !isClosed)) video.currentTime += 0.1;
  }, 100);
  vi.stubGlobal("fetch", async (_url: string, { headers }: RequestInit) => {
    asked.push(new Headers(headers).get("authorization"));
    const status = (answers.length > 1 ? answers.shift() : answers[0]) ?? 409;
    const body =
      status === 200 ? "#EXTM3U" : JSON.stringify({ error: { code: REFUSALS[status], message: "" } });
    const response = new Response(body, { status, headers: status === 409 ? { "retry-after": "2" } : {} });
    Object.defineProperty(response, "url", { value: "https://live.example.org/show/t/x/index.m3u8" });
    return response;
  });
  player = new HlsPlayer({
    url: "https://api.example.org/v1/broadcasts/show/hls",
    bearer: "first",
    renewBearer: async () => "second",
    onEnded: (code) => {
      ended = code;
    },
    openEngine,
  });
});
afterEach(() => {
  player.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const run = () => void player.run(video as HTMLVideoElement);

it("waits for the start as long as the server says, then plays what it is led to", async () => {
  answers = [409, 200];
  run();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([player.getState(), asked.length]).toEqual(["waiting", 1]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect([player.getState(), player.engine?.latencyMs()]).toEqual(["live", 1_400]);
  expect(opened.map(({ url }) => url)).toEqual(["https://live.example.org/show/t/x/index.m3u8"]);
});

it("says that the picture stands, goes on by itself where it moves again, and asks anew where it does not", async () => {
  answers = [200];
  run();
  await vi.advanceTimersByTimeAsync(2_000);
  isFlowing = false;
  await vi.advanceTimersByTimeAsync(4_000);
  expect([player.getState(), opened.length]).toEqual(["interrupted", 1]);
  isFlowing = true;
  await vi.advanceTimersByTimeAsync(1_000);
  expect([player.getState(), opened.length]).toEqual(["live", 1]);
  isFlowing = false;
  answers = [409, 409, 200];
  await vi.advanceTimersByTimeAsync(12_000);
  expect([player.getState(), opened.map(({ isClosed }) => isClosed)]).toEqual(["interrupted", [true]]);
  isFlowing = true;
  await vi.advanceTimersByTimeAsync(5_000);
  expect([player.getState(), opened.length]).toEqual(["live", 2]);
});

it("asks anew at once where its playlist is gone, and ends with the broadcast", async () => {
  answers = [200, 200, 410];
  run();
  await vi.advanceTimersByTimeAsync(2_000);
  opened[0]?.onLost();
  await vi.advanceTimersByTimeAsync(3_000);
  expect([player.getState(), opened.length, ended]).toEqual(["live", 2, undefined]);
  video.ended = true;
  await vi.advanceTimersByTimeAsync(3_000);
  expect([ended, opened.map(({ isClosed }) => isClosed)]).toEqual(["broadcast_ended", [true, true]]);
});

it("gets a fresh ticket when its own has expired, once", async () => {
  answers = [401, 200];
  run();
  await vi.advanceTimersByTimeAsync(2_000);
  expect([player.getState(), asked]).toEqual(["live", ["Bearer first", "Bearer second"]]);
  answers = [401];
  opened[0]?.onLost();
  await vi.advanceTimersByTimeAsync(5_000);
  expect([ended, asked.length]).toEqual(["ticket_expired", 4]);
});

it("ends at once for who may not watch", async () => {
  answers = [403];
  run();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([ended, asked.length]).toEqual(["banned", 1]);
});

it("asks no more once it is closed", async () => {
  answers = [409];
  run();
  await vi.advanceTimersByTimeAsync(1_000);
  player.close();
  const before = asked.length;
  await vi.advanceTimersByTimeAsync(30_000);
  expect([asked.length, ended]).toEqual([before, undefined]);
});
