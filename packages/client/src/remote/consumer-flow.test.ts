import { BATCH_LIMIT, FairleadError } from "@fairlead/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ConsumerFlow, PAUSE_DELAY_MS } from "./consumer-flow.ts";

let sent: [name: string, ids: string[]][];
let flow: ConsumerFlow;
const settle = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  flow = new ConsumerFlow(async (name, { consumerIds }) => void sent.push([name, consumerIds]));
});
afterEach(() => {
  flow.clear();
  vi.useRealTimers();
});

describe("ConsumerFlow", () => {
  it("resumes consumers that came together in one command, and leaves out those that nobody sees", async () => {
    flow.add("a", true);
    flow.add("hidden", false);
    flow.add("b", true);
    await settle();
    expect(sent).toEqual([["consumers.resume", ["a", "b"]]]);
  });

  it("pauses consumers that stay out of sight, in one command", async () => {
    for (const id of ["a", "b", "c"]) flow.add(id, true);
    await settle();
    sent = [];
    flow.setWanted("a", false);
    await vi.advanceTimersByTimeAsync(PAUSE_DELAY_MS / 2);
    flow.setWanted("b", false);
    await vi.advanceTimersByTimeAsync(PAUSE_DELAY_MS);
    expect(sent).toEqual([["consumers.pause", ["a", "b"]]]);
  });

  it("does nothing for a consumer that is back in sight before the delay, and resumes it at once after it", async () => {
    flow.add("a", true);
    await settle();
    sent = [];
    flow.setWanted("a", false);
    flow.setWanted("a", true);
    await vi.advanceTimersByTimeAsync(PAUSE_DELAY_MS);
    expect(sent).toEqual([]);
    flow.setWanted("a", false);
    await vi.advanceTimersByTimeAsync(PAUSE_DELAY_MS);
    flow.setWanted("a", true);
    await settle();
    expect(sent.map(([name]) => name)).toEqual(["consumers.pause", "consumers.resume"]);
  });

  it("resumes after the wait that a busy node asks for what is still wanted then", async () => {
    let isLimited = true;
    flow = new ConsumerFlow(async (name, { consumerIds }) => {
      if (isLimited) throw new FairleadError("rate_limited", { retryAfterMs: 2_000 });
      sent.push([name, consumerIds]);
    });
    flow.add("a", true);
    flow.add("b", true);
    await settle();
    isLimited = false;
    flow.setWanted("a", false);
    await vi.advanceTimersByTimeAsync(1_999);
    expect(sent).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(sent).toEqual([["consumers.resume", ["b"]]]);
  });

  it("names no more than BATCH_LIMIT consumers in a command", async () => {
    const ids = Array.from({ length: BATCH_LIMIT * 2 + 1 }, (_, index) => `c${index}`);
    for (const id of ids) flow.add(id, true);
    await settle();
    expect(sent.map(([, batch]) => batch.length)).toEqual([BATCH_LIMIT, BATCH_LIMIT, 1]);
    expect(sent.flatMap(([, batch]) => batch)).toEqual(ids);
  });
});
