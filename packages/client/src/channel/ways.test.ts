import { beforeEach, describe, expect, it } from "vitest";
import { memoryStore, ScriptedChannels } from "../testing/scripted-channels.ts";
import { TransportMemory } from "./transport-memory.ts";
import { Ways, type WaysOptions } from "./ways.ts";

const URL = "https://meet.example";
const HOUR_MS = 3_600_000;
const RESUMED = { type: "resumed", sessionTicket: "a-session-ticket", connection: 2 } as const;

let store: ReturnType<typeof memoryStore>;
let channels: ScriptedChannels;
let nowMs: number;

beforeEach(() => {
  store = memoryStore();
  channels = new ScriptedChannels();
  nowMs = 1_800_000_000_000;
});

/** What a page that was just opened makes. */
function newWays(transport: WaysOptions["transport"] = "auto", url = URL): Ways {
  const memory = new TransportMemory(url, () => nowMs, store);
  return new Ways({ open: channels.open, transport, memory, random: () => 0 });
}

function open(ways: Ways) {
  const calls: string[] = [];
  const channel = ways.open({
    opened: () => void calls.push("opened"),
    frame: ({ type }) => void calls.push(type),
    closed: (code) => void calls.push(`closed ${code}`),
  });
  return { calls, channel };
}

describe("a channel by itself", () => {
  it("is a WebSocket", () => {
    const { calls, channel } = open(newWays());
    channels.last.open();
    channels.last.say(RESUMED);
    channels.last.end(1006);
    expect(channels.transports).toEqual(["websocket"]);
    expect(channel.transport).toBe("websocket");
    expect(calls).toEqual(["opened", "resumed", "closed 1006"]);
  });

  it.each([
    ["did not open", () => channels.last.end(1006)],
    [
      "opened and carried nothing",
      () => {
        channels.last.open();
        channels.last.end(1006);
      },
    ],
  ])("goes over HTTP when its WebSocket %s, and is introduced there", (_, fail) => {
    const { calls, channel } = open(newWays());
    fail();
    channels.last.open();
    channel.send({ type: "ping" });
    channels.last.say(RESUMED);
    expect(channels.transports).toEqual(["websocket", "http"]);
    expect(channel.transport).toBe("http");
    expect(channels.last.sent).toEqual([{ type: "ping" }]);
    expect(calls.slice(-2)).toEqual(["opened", "resumed"]);
  });

  it("is lost when nobody answers on either way", () => {
    const { calls } = open(newWays());
    channels.last.end(1006);
    channels.last.open();
    channels.last.end(1006);
    expect(calls).toEqual(["opened", "closed 1006"]);
    expect(channels.transports).toEqual(["websocket", "http"]);
  });

  it("takes signaling's word for an answer", () => {
    const { calls } = open(newWays());
    channels.last.open();
    channels.last.end(4504);
    expect(calls).toEqual(["opened", "closed 4504"]);
    expect(channels.transports).toEqual(["websocket"]);
  });

  it.each(["websocket", "http"] as const)("is %s and nothing else if the app says so", (transport) => {
    const ways = newWays(transport);
    const { calls } = open(ways);
    channels.last.end(1006);
    expect(calls).toEqual(["closed 1006"]);
    expect(channels.transports).toEqual([transport]);
    expect(ways.upgradeDelayMs(0)).toBeNull();
  });
});

describe("what worked", () => {
  it("is where the next channel and the next page begin, and no other signaling", () => {
    const ways = newWays();
    ways.handleWorked("http");
    open(ways);
    open(newWays());
    open(newWays("auto", "https://other.example"));
    expect(channels.transports).toEqual(["http", "http", "websocket"]);
  });

  it("leaves the other way to be tried", () => {
    const ways = newWays();
    ways.handleWorked("http");
    open(ways);
    channels.last.end(1006);
    expect(channels.transports).toEqual(["http", "websocket"]);
  });

  it("is forgotten when a WebSocket works, or after an hour", () => {
    newWays().handleWorked("http");
    nowMs += HOUR_MS - 1;
    open(newWays());
    nowMs += 1;
    open(newWays());
    newWays().handleWorked("http");
    newWays().handleWorked("websocket");
    open(newWays());
    expect(channels.transports).toEqual(["http", "websocket", "websocket"]);
  });

  it("is no matter for the next page where a WebSocket has worked on this one", () => {
    const ways = newWays();
    ways.handleWorked("websocket");
    ways.handleWorked("http");
    open(ways);
    open(newWays());
    expect(channels.transports).toEqual(["http", "websocket"]);
  });
});

describe("tries for a WebSocket", () => {
  it("come ever less often, from half a minute to ten", () => {
    const ways = newWays();
    ways.handleWorked("http");
    const delays = [0, 1, 2, 3, 4, 5, 100].map((attempt) => ways.upgradeDelayMs(attempt));
    expect(delays).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
  });

  it("begin sooner where one has worked on this page", () => {
    const ways = newWays();
    ways.handleWorked("websocket");
    ways.handleWorked("http");
    expect(ways.upgradeDelayMs(0)).toBe(5_000);
  });
});
