import { PING_INTERVAL_MS } from "@fairlead/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocketChannel } from "./web-socket-channel.ts";

const PING = '{"type":"ping"}';
const PONG = '{"type":"pong"}';
const SPEECH = JSON.stringify({
  type: "transient",
  transient: { name: "audio.levels", data: { levels: [] } },
});

/** The browser's end of a socket; the test is the server. */
class FakeWebSocket {
  static readonly OPEN = 1;
  static last: FakeWebSocket;
  readyState = 0;
  readonly sent: string[] = [];
  onopen = () => {};
  onmessage = (_: { data: string }) => {};
  onclose = (_: { code: number; reason: string }) => {};

  constructor() {
    FakeWebSocket.last = this;
  }

  send(data: string): void {
    this.sent.push(data);
  }

  close(): void {
    this.readyState = 3;
  }

  open(): void {
    this.readyState = 1;
    this.onopen();
  }
}

let channel: WebSocketChannel;
let socket: FakeWebSocket;
let closed: number[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeWebSocket);
  closed = [];
  channel = new WebSocketChannel("ws://meet.example", {
    opened: () => {},
    frame: () => {},
    closed: (code) => void closed.push(code),
  });
  socket = FakeWebSocket.last;
});
afterEach(() => {
  channel.close();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

/** Time passes without timers, as in a hidden tab between two minutes. */
function throttled(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
  vi.spyOn(performance, "now").mockReturnValue(performance.now() + ms);
}

describe("a WebSocket whose tab is hidden", () => {
  it.each([PONG, SPEECH])("answers %s of the server's, though no timer runs", (message) => {
    socket.open();
    socket.onmessage({ data: PONG });
    throttled(PING_INTERVAL_MS);
    socket.onmessage({ data: message });
    expect(socket.sent).toEqual([PING]);
  });

  it("does not answer the answer", () => {
    socket.open();
    throttled(PING_INTERVAL_MS);
    for (const _ of [1, 2, 3]) socket.onmessage({ data: PONG });
    expect(socket.sent).toEqual([PING]);
  });

  it("answers nothing after it sent something itself", () => {
    socket.open();
    throttled(PING_INTERVAL_MS);
    channel.send({ type: "ack", position: "1:1" });
    socket.onmessage({ data: SPEECH });
    expect(socket.sent).toEqual(['{"type":"ack","position":"1:1"}']);
  });
});

describe("a WebSocket that opens", () => {
  it("has four seconds for it, and as long again if the page slept meanwhile", () => {
    const nowMs = performance.now();
    const now = vi.spyOn(performance, "now").mockReturnValue(nowMs + 70_000);
    vi.advanceTimersByTime(4_000);
    expect(closed).toEqual([]);
    socket.open();
    now.mockRestore();
    vi.advanceTimersByTime(1_000);
    expect(channel.isOpen).toBe(true);
  });
});

describe("a WebSocket of a browser that says it is offline", () => {
  it("is lost two seconds later, unless the server answers", () => {
    socket.open();
    socket.onmessage({ data: PONG });
    channel.checkLife();
    expect(socket.sent).toEqual([PING]);
    socket.onmessage({ data: PONG });
    vi.advanceTimersByTime(2_500);
    expect(closed).toEqual([]);
    channel.checkLife();
    vi.advanceTimersByTime(2_000);
    expect(closed).toEqual([1006]);
  });
});
