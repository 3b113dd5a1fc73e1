import type { ErrorCode } from "@fairlead/client";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { WhepPlayer } from "./whep-player.ts";

/** As much of a connection as a player uses: packets come while the test lets them. */
class FakeConnection extends EventTarget {
  static all: FakeConnection[] = [];
  localDescription = { sdp: "offer" };
  connectionState = "connected";
  packets = 0;
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
  getReceivers() {
    return [];
  }
  async setLocalDescription() {}
  async setRemoteDescription() {}
  async getStats() {
    if (this.isFlowing) this.packets += 10;
    return new Map([["v", { type: "inbound-rtp", packetsReceived: this.packets }]]);
  }
  close() {
    this.isClosed = true;
  }
}

/** The server's answers to POSTs, in order; the last one stays. */
let answers: { status: number; retryAfter?: string }[];
let asked: { method: string | undefined; bearer: string | null }[];
let ended: ErrorCode | undefined;
let player: WhepPlayer;

beforeEach(() => {
  vi.useFakeTimers();
  FakeConnection.all = [];
  asked = [];
  ended = undefined;
  vi.stubGlobal("RTCPeerConnection", FakeConnection);
  vi.stubGlobal("MediaStream", class {});
  vi.stubGlobal("fetch", async (_url: string, { method, headers }: RequestInit) => {
    asked.push({ method, bearer: new Headers(headers).get("authorization") });
    if (method === "DELETE") return new Response();
    const { status, retryAfter } = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 500 };
    const given = { ...(retryAfter ? { "retry-after": retryAfter } : {}), location: "/v1/whep/session" };
    const response = new Response("answer", { status, headers: given });
    Object.defineProperty(response, "url", { value: "https://signaling.example.org/v1/whep" });
    return response;
  });
  player = new WhepPlayer({
    url: "https://signaling.example.org/v1/whep",
    bearer: "first",
    renewBearer: async () => "second",
    onEnded: (code) => {
      ended = code;
    },
  });
});
afterEach(() => {
  player.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const posts = () => asked.filter(({ method }) => method === "POST").length;

it("waits for the start as long as the server says, then plays", async () => {
  answers = [{ status: 409, retryAfter: "2" }, { status: 201 }];
  void player.run();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([player.getState(), posts()]).toEqual(["waiting", 1]);
  await vi.advanceTimersByTimeAsync(4_000);
  expect([player.getState(), posts()]).toEqual(["live", 2]);
});

it("comes back by itself within a second once nothing arrives any more, and ends the session that is lost", async () => {
  answers = [{ status: 201 }];
  void player.run();
  await vi.advanceTimersByTimeAsync(2_000);
  const [first] = FakeConnection.all;
  if (!first) throw new Error("no connection");
  first.isFlowing = false;
  await vi.advanceTimersByTimeAsync(1_200);
  expect(first.isClosed).toBe(true);
  expect(FakeConnection.all).toHaveLength(2);
  expect(asked.map(({ method }) => method)).toEqual(["POST", "DELETE", "POST"]);
  expect(player.getState()).toBe("live");
});

it("says that the broadcast is interrupted, and then that it has ended", async () => {
  answers = [{ status: 201 }, { status: 409 }, { status: 409 }, { status: 410 }];
  void player.run();
  await vi.advanceTimersByTimeAsync(1_000);
  for (const connection of FakeConnection.all) connection.isFlowing = false;
  await vi.advanceTimersByTimeAsync(1_400);
  expect(player.getState()).toBe("interrupted");
  await vi.advanceTimersByTimeAsync(5_000);
  expect([ended, posts()]).toEqual(["broadcast_ended", 4]);
});

it("gets a fresh ticket when its own has expired", async () => {
  answers = [{ status: 401 }, { status: 201 }];
  void player.run();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked.map(({ bearer }) => bearer)).toEqual(["Bearer first", "Bearer second"]);
  expect(player.getState()).toBe("live");
});

it("gives up where a fresh ticket does not help", async () => {
  answers = [{ status: 401 }];
  void player.run();
  await vi.advanceTimersByTimeAsync(5_000);
  expect([ended, posts()]).toEqual(["ticket_expired", 2]);
});

it("asks a few times, with growing pauses, where the server has no room for its kind of player", async () => {
  answers = [{ status: 406 }, { status: 406 }, { status: 201 }];
  void player.run();
  await vi.advanceTimersByTimeAsync(3_000);
  expect([player.getState(), posts(), ended]).toEqual(["live", 3, undefined]);
  answers = [{ status: 406 }];
  for (const connection of FakeConnection.all) connection.isFlowing = false;
  await vi.advanceTimersByTimeAsync(3_000);
  // Not at the pace of those who wait for a broadcast that moves.
  expect(posts()).toBeLessThan(8);
  expect(ended).toBeUndefined();
  await vi.advanceTimersByTimeAsync(30_000);
  expect([posts(), ended]).toEqual([9, "not_acceptable"]);
});

it("asks no more once it is closed", async () => {
  answers = [{ status: 503 }];
  void player.run();
  await vi.advanceTimersByTimeAsync(1_000);
  player.close();
  const before = posts();
  await vi.advanceTimersByTimeAsync(30_000);
  expect([posts(), ended]).toEqual([before, undefined]);
});
