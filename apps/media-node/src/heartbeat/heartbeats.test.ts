import type { Heartbeat } from "@fairlead/protocol";
import type { HeartbeatReply, Registry } from "@fairlead/registry";
import { noMetrics, silentLogger } from "@fairlead/telemetry";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { Heartbeats } from "./heartbeats.ts";
import type { Beat } from "./revalidation.ts";

const REPLY: HeartbeatReply = {
  lost: [],
  orphans: [],
  renewed: [],
  late: [],
  leasesDiffer: false,
  differingBuckets: [],
  recordsLost: [],
  intervalMs: 500,
  behindMs: 0,
};

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** Heartbeats to a registry that answers when the test says so. */
function setUp({ isConclusive = (): boolean => true, random = (): number => 1 } = {}) {
  const sent: PromiseWithResolvers<HeartbeatReply>[] = [];
  const late: ((reply: HeartbeatReply) => void)[] = [];
  const beats: Beat[] = [];
  const seen: string[] = [];
  const heartbeats = new Heartbeats({
    registry: {
      heartbeat: (_beat: Heartbeat, onLate: (reply: HeartbeatReply) => void) => {
        late.push(onLate);
        const answer = Promise.withResolvers<HeartbeatReply>();
        sent.push(answer);
        return answer.promise;
      },
    } as unknown as Registry,
    log: silentLogger,
    metrics: noMetrics,
    now: Date.now,
    random,
  });
  heartbeats.connect({
    compose: () => ({}) as Heartbeat,
    onAnswer: () => {
      seen.push("answered");
      return isConclusive();
    },
    onOldAnswer: () => seen.push("overtaken"),
    onBeat: (beat) => beats.push(beat),
  });
  return { heartbeats, sent, late, beats, seen, answer: (index: number) => sent[index]?.resolve(REPLY) };
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

it("all who ask for a beat while one is under way share one that is sent after it", async () => {
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

it("a failed beat does not keep the next one from being sent", async () => {
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

it("an answer that comes after its beat was given up counts like any other", async () => {
  const { heartbeats, sent, late, beats, seen } = setUp();
  const first = heartbeats.beat();
  sent[0]?.reject(new Error("no answer within 1000 ms"));
  await first;
  late[0]?.(REPLY);
  expect(seen).toEqual(["answered"]);
  expect(heartbeats.isFailing).toBe(false);
  expect(beats.map(({ isAnswered }) => isAnswered)).toEqual([false, true]);
});

it("an answer after which there is more to tell proves nothing", async () => {
  let isConclusive = false;
  const { heartbeats, sent, beats } = setUp({ isConclusive: () => isConclusive });
  for (const _beat of [1, 2]) {
    const beat = heartbeats.beat();
    sent.at(-1)?.resolve({ ...REPLY, leasesDiffer: true });
    await beat;
    expect(beats).toHaveLength(isConclusive ? 1 : 0);
    isConclusive = true;
  }
});

it("an answer that comes after that of a later beat changes nothing but the rooms to inherit", async () => {
  const { heartbeats, sent, late, seen, answer } = setUp();
  const first = heartbeats.beat();
  sent[0]?.reject(new Error("no answer within 1000 ms"));
  await first;
  const second = heartbeats.beat();
  answer(1);
  await second;
  late[0]?.(REPLY);
  expect(seen).toEqual(["answered", "overtaken"]);
});

it("regular beats grow rarer while the registry takes too long, and are as before once it answers", async () => {
  // In the middle of what they are spread by.
  const { heartbeats, sent } = setUp({ random: () => 0.5 });
  heartbeats.intervalMs = 100;
  heartbeats.beatRegularly();
  const sentAt: number[] = [];
  const startedMs = Date.now();
  for (let count = 1; count <= 4; count += 1) {
    while (sent.length < count) await vi.advanceTimersByTimeAsync(100);
    sentAt.push(Date.now() - startedMs);
    await vi.advanceTimersByTimeAsync(1_000);
    sent.at(-1)?.reject(new Error("no answer within 1000 ms"));
    await vi.advanceTimersByTimeAsync(0);
  }
  const pauses = sentAt.slice(1).map((atMs, index) => atMs - (sentAt[index] ?? 0) - 1_000);
  // Three quarters of the longest, until the next regular beat.
  expect(pauses).toEqual([400, 800, 1_200]);
  while (sent.length < 5) await vi.advanceTimersByTimeAsync(100);
  sent.at(-1)?.resolve({ ...REPLY, intervalMs: 100 });
  await vi.advanceTimersByTimeAsync(100);
  expect(sent).toHaveLength(6);
  void heartbeats.stop();
});

it("regular beats come as often as the registry says, and a little earlier or later", async () => {
  const { heartbeats, sent } = setUp({ random: () => 1 });
  heartbeats.beatRegularly();
  await vi.advanceTimersByTimeAsync(525);
  expect(sent).toHaveLength(1);
  sent[0]?.resolve({ ...REPLY, intervalMs: 1_000 });
  await vi.advanceTimersByTimeAsync(525);
  expect(sent).toHaveLength(2);
  sent[1]?.resolve({ ...REPLY, intervalMs: 1_000 });
  await vi.advanceTimersByTimeAsync(1_049);
  expect(sent).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1);
  expect(sent).toHaveLength(3);
  void heartbeats.stop();
});
