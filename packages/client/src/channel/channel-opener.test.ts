import { beforeEach, describe, expect, it } from "vitest";
import { memoryStore, ScriptedChannels } from "../testing/scripted-channels.ts";
import { ChannelOpener, type ChannelOpenerOptions } from "./channel-opener.ts";
import { TransportMemory } from "./transport-memory.ts";

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
function newOpener(transport: ChannelOpenerOptions["transport"] = "auto", url = URL): ChannelOpener {
  const memory = new TransportMemory(url, () => nowMs, store);
  return new ChannelOpener({ open: channels.open, transport, memory, random: () => 0 });
}

function open(opener: ChannelOpener) {
  const calls: string[] = [];
  const channel = opener.open({
    opened: () => void calls.push("opened"),
    frame: ({ type }) => void calls.push(type),
    closed: (code) => void calls.push(`closed ${code}`),
  });
  return { calls, channel };
}

describe("a channel by itself", () => {
  it("is a WebSocket", () => {
    const { calls, channel } = open(newOpener());
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
  ])("goes over HTTP when its WebSocket %s, and sends its opening frame there", (_, fail) => {
    const { calls, channel } = open(newOpener());
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
    const { calls } = open(newOpener());
    channels.last.end(1006);
    channels.last.open();
    channels.last.end(1006);
    expect(calls).toEqual(["opened", "closed 1006"]);
    expect(channels.transports).toEqual(["websocket", "http"]);
  });

  it("takes signaling's word for an answer", () => {
    const { calls } = open(newOpener());
    channels.last.open();
    channels.last.end(4504);
    expect(calls).toEqual(["opened", "closed 4504"]);
    expect(channels.transports).toEqual(["websocket"]);
  });

  it.each(["websocket", "http"] as const)("is %s and nothing else if the app says so", (transport) => {
    const opener = newOpener(transport);
    const { calls } = open(opener);
    channels.last.end(1006);
    expect(calls).toEqual(["closed 1006"]);
    expect(channels.transports).toEqual([transport]);
    expect(opener.upgradeDelayMs(0)).toBeNull();
  });
});

describe("what worked", () => {
  it("is where the next channel and the next page begin, and no other signaling", () => {
    const opener = newOpener();
    opener.handleWorked("http");
    open(opener);
    open(newOpener());
    open(newOpener("auto", "https://other.example"));
    expect(channels.transports).toEqual(["http", "http", "websocket"]);
  });

  it("leaves the other way to be tried", () => {
    const opener = newOpener();
    opener.handleWorked("http");
    open(opener);
    channels.last.end(1006);
    expect(channels.transports).toEqual(["http", "websocket"]);
  });

  it("is forgotten when a WebSocket works, or after an hour", () => {
    newOpener().handleWorked("http");
    nowMs += HOUR_MS - 1;
    open(newOpener());
    nowMs += 1;
    open(newOpener());
    newOpener().handleWorked("http");
    newOpener().handleWorked("websocket");
    open(newOpener());
    expect(channels.transports).toEqual(["http", "websocket", "websocket"]);
  });

  it("is no matter for the next page where a WebSocket has worked on this one", () => {
    const opener = newOpener();
    opener.handleWorked("websocket");
    opener.handleWorked("http");
    open(opener);
    open(newOpener());
    expect(channels.transports).toEqual(["http", "websocket"]);
  });
});

describe("tries for a WebSocket", () => {
  it("come ever less often, from half a minute to ten", () => {
    const opener = newOpener();
    opener.handleWorked("http");
    const delays = [0, 1, 2, 3, 4, 5, 100].map((attempt) => opener.upgradeDelayMs(attempt));
    expect(delays).toEqual([30_000, 60_000, 120_000, 240_000, 480_000, 600_000, 600_000]);
  });

  it("begin sooner where one has worked on this page", () => {
    const opener = newOpener();
    opener.handleWorked("websocket");
    opener.handleWorked("http");
    expect(opener.upgradeDelayMs(0)).toBe(5_000);
  });
});
