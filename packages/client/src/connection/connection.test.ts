import type { ClientFrameInput, ErrorCode, ServerFrame } from "@fairlead/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ChannelOpener } from "../channel/channel-opener.ts";
import { TransportMemory } from "../channel/transport-memory.ts";
import { nextMacrotask } from "../next-macrotask.ts";
import { RunningClock } from "../running-clock.ts";
import { memoryStore, type ScriptedChannel, ScriptedChannels } from "../testing/scripted-channels.ts";
import { Connection } from "./connection.ts";

const RESUME: ClientFrameInput = {
  type: "resume",
  protocolVersion: 1,
  sessionTicket: "a-session-ticket",
  position: "1:0",
};
const RESUMED: ServerFrame = { type: "resumed", sessionTicket: "the-next-session-ticket", connection: 2 };
const PING: ClientFrameInput = { type: "ping" };
const MUTE: ClientFrameInput = {
  type: "command",
  id: 1,
  settledBelow: 1,
  name: "peer.mute",
  data: {},
};
const LEAVE: ClientFrameInput = {
  type: "command",
  id: 2,
  settledBelow: 1,
  name: "session.leave",
  data: {},
};
const event = (sequence: number): ServerFrame => ({
  type: "event",
  position: `1:${sequence}`,
  event: { name: "snapshot.ended", data: {} },
});
const refusal = (code: ErrorCode): ServerFrame => ({
  type: "error",
  error: { code, message: code },
});
const HALF_A_MINUTE_MS = 30_000;

let channels: ScriptedChannels;
let connection: Connection;
let clock: RunningClock;
let heard: string[];

beforeEach(() => {
  vi.useFakeTimers();
  channels = new ScriptedChannels();
  clock = new RunningClock(Date.now);
  heard = [];
  const memory = new TransportMemory("https://meet.example", Date.now, memoryStore());
  connection = new Connection({
    opener: new ChannelOpener({ open: channels.open, transport: "auto", memory, random: () => 0 }),
    policy: { giveUpAfterMs: 60_000, nextDelayMs: () => 100 },
    clock,
    random: () => 0,
    handlers: {
      openingFrame: () => RESUME,
      live: () => void heard.push("live"),
      frame: (frame) => void heard.push(frame.type === "event" ? frame.position : frame.type),
      pingPosition: () => "7:9",
      away: () => void heard.push("away"),
      refused: (error, wasLive) => {
        heard.push(`${error.code}${wasLive ? " while live" : ""}`);
        if (error.code === "signaling_unreachable") connection.retry(error);
      },
      ended: ({ code }) => void heard.push(`ended ${code}`),
    },
  });
});
afterEach(() => {
  clock.close();
  connection.close();
  vi.useRealTimers();
});

/** @returns The channel of a session that lives on HTTP. */
function liveOnHttp(): ScriptedChannel {
  connection.start();
  channels.last.end(1006);
  const http = channels.last;
  http.open();
  http.say(RESUMED);
  expect(heard.splice(0)).toEqual(["live"]);
  expect(connection.transport).toBe("http");
  return http;
}

/** @returns The WebSocket that is tried beside it. */
function tried(): ScriptedChannel {
  vi.advanceTimersByTime(HALF_A_MINUTE_MS);
  return channels.last;
}

/** It opens, and proves that it carries something. */
function opens(socket: ScriptedChannel): void {
  socket.open();
  expect(socket.sent).toEqual([PING]);
  socket.say({ type: "pong" });
  expect(socket.sent).toEqual([PING, RESUME]);
}

/** On HTTP again, after it was lost. */
function isResumed(): ScriptedChannel {
  vi.advanceTimersByTime(100);
  const http = channels.all.findLast(({ transport }) => transport === "http");
  if (!http) throw new Error("never on HTTP");
  if (http.state === "opening") http.open();
  http.say(RESUMED);
  expect(heard.splice(0).at(-1)).toBe("live");
  return http;
}

describe("a session that lives on HTTP", () => {
  it("is moved to a WebSocket once one opens, and hears every event until then on HTTP", () => {
    const http = liveOnHttp();
    const socket = tried();
    expect(socket.transport).toBe("websocket");
    http.say(event(1));
    connection.send(MUTE);
    expect(http.sent).toEqual([RESUME, MUTE]);
    expect([http.pingPosition(), socket.pingPosition()], "the live one acknowledges").toEqual([
      "7:9",
      undefined,
    ]);
    opens(socket);
    expect(http.pingPosition(), "it may have lost the session already").toBeUndefined();
    http.say(event(2));
    // Would be refused on the old channel, if the session is the new one's already: it is sent again when that is live.
    connection.send(MUTE);
    expect(http.sent).toEqual([RESUME, MUTE]);
    http.say(refusal("session_replaced"));
    http.end(4421);
    socket.say(RESUMED);
    socket.say(event(3));
    connection.send(MUTE);
    expect(socket.sent).toEqual([PING, RESUME, MUTE]);
    expect(heard).toEqual(["1:1", "1:2", "live", "1:3"]);
    expect(connection.transport).toBe("websocket");
    expect(http.state).toBe("closed");
    vi.advanceTimersByTime(HALF_A_MINUTE_MS * 100);
    expect(channels.transports).toEqual(["websocket", "http", "websocket"]);
  });

  it("stays there while none opens, and tries ever less often", () => {
    const http = liveOnHttp();
    tried().end(1006);
    vi.advanceTimersByTime(2 * HALF_A_MINUTE_MS - 1);
    expect(channels.transports).toHaveLength(3);
    vi.advanceTimersByTime(1);
    expect(channels.transports).toHaveLength(4);
    connection.send(MUTE);
    expect(http.sent).toEqual([RESUME, MUTE]);
    expect(heard).toEqual([]);
  });

  it("stays there while a WebSocket opens, but carries nothing", () => {
    const http = liveOnHttp();
    const socket = tried();
    socket.open();
    socket.end(1006);
    expect(socket.sent).toEqual([PING]);
    connection.send(MUTE);
    expect(http.sent).toEqual([RESUME, MUTE]);
    expect(heard).toEqual([]);
  });

  it("tries ever less often also if a WebSocket answers, but never carries the session", () => {
    liveOnHttp();
    for (const delayMs of [1, 2, 4, 8].map((factor) => factor * HALF_A_MINUTE_MS)) {
      const before = channels.all.length;
      vi.advanceTimersByTime(delayMs - 1);
      expect(channels.transports).toHaveLength(before);
      vi.advanceTimersByTime(1);
      expect(channels.transports).toHaveLength(before + 1);
      opens(channels.last);
      channels.last.end(1006);
      isResumed();
    }
  });

  it("does not put the next try off when its stream is cut", () => {
    liveOnHttp();
    vi.advanceTimersByTime(HALF_A_MINUTE_MS - 200);
    channels.last.end(1006);
    isResumed();
    vi.advanceTimersByTime(100);
    expect(channels.last.transport).toBe("websocket");
  });

  it("tries at once when the network is another", () => {
    liveOnHttp();
    connection.retryNow();
    expect(channels.transports).toEqual(["websocket", "http", "websocket"]);
  });

  it("stays there when the resume is refused", () => {
    const http = liveOnHttp();
    const socket = tried();
    opens(socket);
    socket.say(refusal("signaling_full"));
    expect(socket.state).toBe("closed");
    connection.send(MUTE);
    expect(http.sent).toEqual([RESUME, MUTE]);
    expect(heard).toEqual([]);
  });

  it("hears why it ended, if it ended while it was being resumed", () => {
    const http = liveOnHttp();
    const socket = tried();
    opens(socket);
    http.say(refusal("peer_removed"));
    socket.say(refusal("session_gone"));
    expect(heard).toEqual(["peer_removed while live"]);
  });

  it.each([
    ["is lost", (socket: ScriptedChannel) => socket.end(1006)],
    ["never answers", () => vi.advanceTimersByTime(10_000)],
  ])("is resumed anew when the WebSocket %s amid the resume, which may have taken it", (_, fail) => {
    liveOnHttp();
    const socket = tried();
    opens(socket);
    fail(socket);
    expect(heard).toEqual(["signaling_unreachable while live", "away"]);
    vi.advanceTimersByTime(100);
    expect(channels.all[1]?.sent).toEqual([RESUME, RESUME]);
  });

  it("is resumed anew when the lost WebSocket's resume takes it later than its own", () => {
    liveOnHttp();
    const socket = tried();
    opens(socket);
    socket.end(1006);
    const http = isResumed();
    http.say(refusal("session_replaced"));
    expect(http.state).toBe("closed");
    expect(heard).toEqual(["signaling_unreachable while live", "away"]);
    isResumed();
  });

  it("is resumed anew when the WebSocket's resume takes it, and is refused all the same", () => {
    const http = liveOnHttp();
    const socket = tried();
    opens(socket);
    http.say(refusal("session_replaced"));
    http.end(4421);
    socket.say(refusal("bus_disconnected"));
    expect(heard).toEqual(["signaling_unreachable while live", "away"]);
    isResumed();
  });

  it("is over when its resume finds it taken, though a resume before that was never answered", () => {
    const http = liveOnHttp();
    http.end(1006);
    for (const ending of ["unheard", "refused"]) {
      vi.advanceTimersByTime(100);
      channels.last.open();
      if (ending === "unheard") channels.last.end(1006);
      else channels.last.say(refusal("session_replaced"));
    }
    expect(heard).toEqual(["away", "session_replaced"]);
  });

  it("is over when somebody else takes it", () => {
    const http = liveOnHttp();
    http.say(refusal("session_replaced"));
    expect(heard).toEqual(["session_replaced while live"]);
  });

  it("is left on both channels while it is on its way from one to the other", () => {
    const http = liveOnHttp();
    const socket = tried();
    opens(socket);
    connection.send(LEAVE);
    expect(http.sent).toEqual([RESUME, LEAVE]);
    expect(socket.sent).toEqual([PING, RESUME, LEAVE]);
  });

  it("gives the try up when it is lost itself", () => {
    const http = liveOnHttp();
    const socket = tried();
    http.end(1006);
    expect(socket.state).toBe("closed");
    expect(heard).toEqual(["away"]);
    vi.advanceTimersByTime(100);
    expect(channels.last.transport).toBe("http");
  });

  it("leaves nothing behind when it is closed", () => {
    liveOnHttp();
    const socket = tried();
    connection.close();
    clock.close();
    vi.advanceTimersByTime(HALF_A_MINUTE_MS * 100);
    expect(channels.transports).toHaveLength(3);
    expect(socket.state).toBe("closed");
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe("a lost channel", () => {
  it.each([
    [4504, ["shutting_down while live"]],
    [1012, ["shutting_down while live"]],
    // Its client comes back at once, as from a bad network.
    [1001, []],
  ])("that closes with %i is refused with %j", (closeCode, refused) => {
    connection.start();
    channels.last.open();
    channels.last.say(RESUMED);
    channels.last.end(closeCode);
    expect(heard).toEqual(["live", "away", ...refused]);
  });

  it("whose resume acts later, and takes the session from the next channel, ends nothing", () => {
    connection.start();
    channels.last.open();
    channels.last.end(1006);
    vi.advanceTimersByTime(100);
    channels.last.open();
    channels.last.say(RESUMED);
    channels.last.end(4421);
    expect(heard).toEqual(["live", "away", "signaling_unreachable while live"]);
  });

  it("is no refusal without a word", () => {
    connection.start();
    channels.last.open();
    channels.last.say(RESUMED);
    channels.last.end(1006);
    expect(heard).toEqual(["live", "away"]);
    vi.advanceTimersByTime(100);
    expect(channels.transports).toEqual(["websocket", "websocket"]);
  });
});

describe("a page that sleeps", () => {
  const NIGHT_MS = 8 * 3_600_000;
  /** No timer runs meanwhile; what is due fires on waking. */
  const sleep = (ms: number) => void vi.setSystemTime(Date.now() + ms);

  function goLive(): void {
    connection.start();
    channels.last.open();
    channels.last.say(RESUMED);
    heard.length = 0;
  }

  /** Nobody answers on either transport. */
  function everyTryFails(forMs: number): void {
    for (let passed = 0; passed < forMs; passed += 100) {
      if (channels.last.state === "opening") channels.last.end(1006);
      vi.advanceTimersByTime(100);
    }
  }

  it.each([70_000, NIGHT_MS])("%i ms while it reconnects tries on afterwards, and recovers", (ms) => {
    goLive();
    channels.last.end(1006);
    sleep(ms);
    everyTryFails(10_000);
    expect(heard).toEqual(["away"]);
    vi.advanceTimersByTime(100);
    channels.last.open();
    channels.last.say(RESUMED);
    expect(heard).toEqual(["away", "live"]);
  });

  it("gives up when nobody answers for a while after it woke", () => {
    goLive();
    channels.last.end(1006);
    everyTryFails(59_000);
    sleep(NIGHT_MS);
    everyTryFails(10_000);
    expect(heard).toEqual(["away"]);
    everyTryFails(10_000);
    expect(heard).toEqual(["away", "ended signaling_unreachable"]);
  });

  it("knows on waking that a late resume of its own took the session", () => {
    connection.start();
    channels.last.open();
    channels.last.end(1006);
    vi.advanceTimersByTime(100);
    channels.last.open();
    channels.last.say(RESUMED);
    sleep(NIGHT_MS);
    channels.last.end(4421);
    expect(heard).toEqual(["live", "away", "signaling_unreachable while live"]);
  });

  it("does not take an answer for missing that came while it slept", () => {
    connection.start();
    channels.last.open();
    vi.spyOn(performance, "now").mockImplementation(() => Date.now());
    sleep(70_000);
    vi.advanceTimersByTime(10_000);
    channels.last.say(RESUMED);
    expect(heard).toEqual(["live"]);
    expect(channels.transports).toEqual(["websocket"]);
  });
});

describe("a hidden tab, whose timers hardly run,", () => {
  beforeEach(() => vi.stubGlobal("document", { visibilityState: "hidden" }));
  afterEach(() => vi.unstubAllGlobals());

  it("resumes at once where a timer would be a matter of half a second", async () => {
    connection.start();
    channels.last.open();
    channels.last.say(RESUMED);
    channels.last.end(1006);
    await nextMacrotask();
    await nextMacrotask();
    channels.last.open();
    channels.last.say(RESUMED);
    expect(heard).toEqual(["live", "away", "live"]);
  });

  it("tries no more once it is closed", async () => {
    connection.start();
    channels.last.open();
    channels.last.say(RESUMED);
    channels.last.end(1006);
    connection.close();
    await nextMacrotask();
    await nextMacrotask();
    expect(channels.all).toHaveLength(1);
  });
});
