import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Capture } from "./capture.ts";
import { sendByWhip } from "./send-by-whip.ts";
import type { Sender } from "./sender.ts";

/** As much of a connection as a sender uses: reports come while the test lets them. */
class FakeConnection extends EventTarget {
  static all: FakeConnection[] = [];
  localDescription = { sdp: "offer" };
  bytes = 0;
  isFlowing = true;
  isClosed = false;
  constructor() {
    super();
    FakeConnection.all.push(this);
  }
  addTransceiver() {}
  getTransceivers() {
    return [];
  }
  async setLocalDescription() {}
  async setRemoteDescription() {}
  async getStats() {
    if (this.isFlowing) this.bytes += 100;
    return new Map([["t", { type: "transport", bytesReceived: this.bytes }]]);
  }
  close() {
    this.isClosed = true;
  }
}

const capture = { source: "camera", picture: {}, microphone: {} } as Capture;
/** The server's answers to POSTs, in order; the last one stays. */
let answers: number[];
let asked: string[];
let reason: string | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  FakeConnection.all = [];
  asked = [];
  reason = undefined;
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  vi.stubGlobal("MediaStream", class {});
  vi.stubGlobal("fetch", async (_url: string, { method }: RequestInit) => {
    asked.push(`${method}`);
    if (method === "DELETE") return new Response();
    const status = (answers.length > 1 ? answers.shift() : answers[0]) ?? 500;
    const response = new Response("answer", { status, headers: { location: "/v1/whip/session" } });
    Object.defineProperty(response, "url", { value: "https://signaling.example.org/v1/whip" });
    return response;
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const live = () => FakeConnection.all.filter(({ isClosed }) => !isClosed).length;

async function send(...given: number[]): Promise<Sender> {
  answers = given;
  const sender = await sendByWhip("https://signaling.example.org/v1/whip", "key", capture);
  sender.onEnded((why) => {
    reason = why;
  });
  await vi.advanceTimersByTimeAsync(1_000);
  return sender;
}

/** The path breaks: the server's reports come no more. */
async function breakPath(forMs: number): Promise<void> {
  for (const connection of FakeConnection.all) connection.isFlowing = false;
  await vi.advanceTimersByTimeAsync(forMs);
}

describe("sending by WHIP", () => {
  it.each([
    [401, /stream key does not count/],
    [409, /Another encoder/],
    [410, /has ended/],
    [503, /HTTP 503/],
  ])("that is refused with %i says why, and leaves nothing open", async (status, why) => {
    answers = [status];
    await expect(sendByWhip("https://a.example", "key", capture)).rejects.toThrow(why);
    expect(live()).toBe(0);
  });

  it("goes on over a new connection within three seconds, though its old one still holds the place for a moment", async () => {
    const sender = await send(201, 409, 201);
    await breakPath(4_000);
    expect(asked).toEqual(["POST", "DELETE", "POST", "POST"]);
    expect([live(), reason]).toEqual([1, undefined]);
    sender.stop();
  });

  it("ends with the reason once it is refused for good", async () => {
    await send(201, 410);
    await breakPath(4_000);
    expect(reason).toMatch(/has ended/);
    expect(live()).toBe(0);
  });

  it("ends its session when it is stopped, and does not come back", async () => {
    const sender = await send(201);
    sender.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toEqual(["POST", "DELETE"]);
    expect([live(), reason]).toEqual([0, undefined]);
  });
});
