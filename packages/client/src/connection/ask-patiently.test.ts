import { FairleadError } from "@fairlead/protocol";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { askPatiently, subscribePatiently } from "./ask-patiently.ts";
import type { SendCommand } from "./session.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const limited = (retryAfterMs?: number) => new FairleadError("rate_limited", { retryAfterMs });

it("a request that a node limits is made again after the time that the node names", async () => {
  const answers: (Error | string)[] = [limited(3_000), limited(500), "made"];
  const asked: number[] = [];
  const made = askPatiently(async () => {
    asked.push(Date.now());
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  });
  await vi.runAllTimersAsync();
  expect(await made).toBe("made");
  expect(asked.map((ms) => ms - (asked[0] ?? 0))).toEqual([0, 3_000, 3_500]);
});

it("one that nobody wants any more after the wait is not made again", async () => {
  let isWanted = true;
  const ask = vi.fn(() => (isWanted ? Promise.reject(limited(1_000)) : undefined));
  const answer = askPatiently(ask);
  isWanted = false;
  await vi.runAllTimersAsync();
  expect([await answer, ask.mock.calls.length]).toEqual([undefined, 2]);
});

it.each([
  ["any other refusal", new FairleadError("room_moved")],
  ["a wait of more than a minute", limited(60_001)],
  ["a limit without a time", limited()],
])("%s is the caller's", async (_, error) => {
  await expect(askPatiently(() => Promise.reject(error))).rejects.toBe(error);
});

it("producers that a budget leaves out are asked for later, as far as they are wanted then; those of a bound are not", async () => {
  const asked: string[][] = [];
  const answers = [
    {
      refused: [
        { producerId: "later", code: "rate_limited", retryAfterMs: 1_000 },
        { producerId: "unwanted", code: "rate_limited", retryAfterMs: 2_000 },
        { producerId: "never", code: "consumer_limit" },
      ],
    },
    {},
  ];
  const command = (async (_: string, { producerIds }: { producerIds: string[] }) => {
    asked.push(producerIds);
    return answers.shift();
  }) as unknown as SendCommand;
  const wanted = new Set(["now", "later", "unwanted", "never"]);
  const done = subscribePatiently(command, [...wanted], (producerId) => wanted.has(producerId));
  await vi.advanceTimersByTimeAsync(1_999);
  wanted.delete("unwanted");
  await vi.runAllTimersAsync();
  await done;
  expect(asked).toEqual([["now", "later", "unwanted", "never"], ["later"]]);
});
