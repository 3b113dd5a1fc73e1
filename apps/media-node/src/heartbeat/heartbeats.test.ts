import type { Heartbeat } from "@fairlead/protocol";
import type { HeartbeatReply, Registry } from "@fairlead/registry";
import { silentLogger } from "@fairlead/telemetry";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Heartbeats } from "./heartbeats.ts";
import type { Beat } from "./revalidation.ts";

const REPLY: HeartbeatReply = {
  lost: [],
  orphans: [],
  renewed: [],
  late: [],
  needsAllLeases: false,
  behindMs: 0,
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Heartbeats to a registry that answers when the test says so. */
function setUp() {
  const sent: PromiseWithResolvers<HeartbeatReply>[] = [];
  const beats: Beat[] = [];
  const seen: string[] = [];
  const heartbeats = new Heartbeats({
    registry: {
      heartbeat: () => {
        const answer = Promise.withResolvers<HeartbeatReply>();
        sent.push(answer);
        return answer.promise;
      },
    } as unknown as Registry,
    compose: () => ({}) as Heartbeat,
    log: silentLogger,
    now: Date.now,
    onAnswer: () => seen.push("answered"),
    onBeat: (beat) => beats.push(beat),
  });
  return { heartbeats, sent, beats, seen, answer: (index: number) => sent[index]?.resolve(REPLY) };
}

it("after stop no heartbeat is sent, and the one under way is through", async () => {
  const { heartbeats, sent, seen, answer } = setUp();
  const first = heartbeats.beat();
  const second = heartbeats.beat();
  const stopped = heartbeats.stop().then(() => seen.push("stopped"));
  answer(0);
  await Promise.all([first, second, stopped, heartbeats.beat()]);
  expect(seen).toEqual(["answered", "stopped"]);
  expect(sent).toHaveLength(1);
});

it("whoever asks for a beat while one is under way gets one that was sent later, all of them the same", async () => {
  const { heartbeats, sent, answer } = setUp();
  const first = heartbeats.beat();
  const later = [heartbeats.beat(), heartbeats.beat(), heartbeats.beat()];
  answer(0);
  await first;
  await vi.advanceTimersByTimeAsync(0);
  expect(sent).toHaveLength(2);
  answer(1);
  await Promise.all(later);
  expect(sent).toHaveLength(2);
});

it("a beat that fails keeps the next one from nothing", async () => {
  const { heartbeats, sent, beats, seen, answer } = setUp();
  const first = heartbeats.beat();
  const second = heartbeats.beat();
  await vi.advanceTimersByTimeAsync(1_500);
  expect(sent).toHaveLength(1);
  sent[0]?.reject(new Error("away"));
  await first;
  expect(heartbeats.isFailing).toBe(true);
  answer(1);
  await second;
  expect(heartbeats.isFailing).toBe(false);
  expect(beats.map(({ isAnswered }) => isAnswered)).toEqual([false, true]);
  expect(seen).toEqual(["answered"]);
});
