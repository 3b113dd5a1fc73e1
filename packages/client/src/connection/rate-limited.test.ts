import type { ClientFrameInput, ServerFrame } from "@fairlead/protocol";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ChannelOpener } from "../channel/channel-opener.ts";
import { TransportMemory } from "../channel/transport-memory.ts";
import { RunningClock } from "../running-clock.ts";
import { memoryStore, ScriptedChannels } from "../testing/scripted-channels.ts";
import { Connection } from "./connection.ts";
import { judgeRefusal } from "./judge-refusal.ts";

const RESUME: ClientFrameInput = {
  type: "resume",
  protocolVersion: 1,
  sessionTicket: "a-session-ticket",
  position: "1:0",
};
const refusal = (retryAfterMs: number): ServerFrame => ({
  type: "error",
  error: { code: "rate_limited", message: "too often", retryAfterMs },
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function setUp() {
  const channels = new ScriptedChannels();
  const clock = new RunningClock(Date.now);
  const ended: string[] = [];
  const memory = new TransportMemory("https://meet.example", Date.now, memoryStore());
  const connection: Connection = new Connection({
    opener: new ChannelOpener({ open: channels.open, transport: "auto", memory, random: () => 0 }),
    policy: { giveUpAfterMs: 60_000, nextDelayMs: () => 100 },
    clock,
    random: () => 0,
    handlers: {
      openingFrame: () => RESUME,
      live: () => {},
      frame: () => {},
      pingPosition: () => undefined,
      away: () => {},
      refused: (error) => {
        if (judgeRefusal(error.code, "first_join") === "retry") connection.retry(error);
        else connection.end(error);
      },
      ended: ({ code }) => void ended.push(code),
    },
  });
  connection.start();
  channels.last.open();
  return { channels, ended, connection };
}

it("a client that came too often waits as long as it is told to, and comes back then", () => {
  const { channels, ended, connection } = setUp();
  channels.last.say(refusal(7_000));
  expect(channels.last.state).toBe("closed");
  vi.advanceTimersByTime(6_999);
  expect(channels.all).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(channels.all).toHaveLength(2);
  channels.last.open();
  expect(channels.last.sent).toEqual([RESUME]);
  expect(ended).toEqual([]);
  connection.close();
});

it("a wait that is longer than the app's patience is told to the app at once", () => {
  const { channels, ended } = setUp();
  channels.last.say(refusal(61_000));
  expect(ended).toEqual(["rate_limited"]);
});
