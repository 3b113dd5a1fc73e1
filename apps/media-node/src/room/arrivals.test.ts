import type { PeerInfo, RoomEvent } from "@fairlead/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Session } from "../session/session.ts";
import { Arrivals } from "./arrivals.ts";

const LARGE = 51;
const [ann, bob] = [{ sessionId: "ann" }, { sessionId: "bob" }] as Session[] as [Session, Session];
let told: [string, ...string[]][];
let arrivals: Arrivals;

const peer = (peerId: string): PeerInfo => ({
  peerId,
  identity: peerId,
  name: "",
  metadata: "",
  joinedAtMs: 0,
});
const tell = (event: RoomEvent, to: readonly Session[]) => {
  const peers = event.name === "peers.joined" ? event.data.peers : [];
  for (const { sessionId } of to) told.push([sessionId, ...peers.map(({ peerId }) => peerId)]);
};

beforeEach(() => {
  vi.useFakeTimers();
  told = [];
  arrivals = new Arrivals(() => [ann, bob], tell);
});
afterEach(() => void vi.useRealTimers());

describe("arrivals in a room", () => {
  it("of at most 50 peers are told at once", () => {
    arrivals.add(peer("a"), LARGE - 1);
    expect(told).toEqual([
      ["ann", "a"],
      ["bob", "a"],
    ]);
  });

  it("of more peers are told together after 50 ms", () => {
    for (const peerId of ["a", "b"]) arrivals.add(peer(peerId), LARGE);
    vi.advanceTimersByTime(49);
    expect(told).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(told).toEqual([
      ["ann", "a", "b"],
      ["bob", "a", "b"],
    ]);
    vi.advanceTimersByTime(1_000);
    expect(told).toHaveLength(2);
  });

  it("go out before anything else, and when an event is full", () => {
    arrivals.add(peer("a"), LARGE);
    arrivals.tell();
    expect(told).toHaveLength(2);
    for (let index = 0; index < 50; index += 1) arrivals.add(peer(`p${index}`), LARGE);
    expect(told.map((event) => event.length)).toEqual([2, 2, 51, 51]);
  });

  it("are not told to those whose snapshot had them, nor are they themselves", () => {
    arrivals.add(peer("a"), LARGE);
    arrivals.add(peer("bob"), LARGE);
    arrivals.noteSnapshot(bob);
    arrivals.add(peer("c"), LARGE);
    arrivals.tell();
    expect(told).toEqual([
      ["ann", "a", "bob", "c"],
      ["bob", "c"],
    ]);
    arrivals.add(peer("d"), LARGE);
    arrivals.tell();
    expect(told.slice(2)).toEqual([
      ["ann", "d"],
      ["bob", "d"],
    ]);
  });
});
