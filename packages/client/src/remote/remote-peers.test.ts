import type { PeerInfo } from "@fairlead/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RoomEvents } from "../api/events.ts";
import { TypedEmitter } from "../typed-emitter.ts";
import { Playback } from "./playback.ts";
import { MOVE_GRACE_MS, RemotePeers } from "./remote-peers.ts";
import { Visibility } from "./visibility.ts";
import { Wishes } from "./wishes.ts";

let peers: RemotePeers;
let seen: string[];
const info = (peerId: string, identity = peerId): PeerInfo => ({
  peerId,
  identity,
  name: "",
  metadata: "",
  joinedAtMs: 0,
});

beforeEach(() => {
  vi.useFakeTimers();
  seen = [];
  const emitter = new TypedEmitter<RoomEvents>();
  emitter.on("peer.joined", ({ peer }) => void seen.push(`joined ${peer.peerId}`));
  emitter.on("peer.left", ({ peer, reason }) => void seen.push(`left ${peer.peerId} ${reason}`));
  peers = new RemotePeers({
    emitter,
    trackContext: {
      playback: new Playback({ blocked: () => {}, allowed: () => {} }),
      visibility: new Visibility(),
      wishes: new Wishes(),
      pauseInvisibleVideo: true,
      command: () => Promise.reject(new Error("not asked here")),
      wantedChanged: () => {},
    },
  });
});
afterEach(() => {
  peers.close();
  vi.useRealTimers();
});

describe("RemotePeers", () => {
  it("reports a peer that leaves at once", () => {
    peers.addPeer(info("ann"));
    peers.removePeer("ann", "removed");
    expect(seen).toEqual(["joined ann", "left ann removed"]);
  });

  it("after a move, reports only those peers as gone that have not come back in time", () => {
    peers.addPeer(info("ann"));
    peers.addPeer(info("bob"));
    peers.beginMove();
    peers.removePeer("ann", "left");
    peers.removePeer("bob", "left");
    peers.addPeer(info("ann"));
    vi.advanceTimersByTime(MOVE_GRACE_MS - 1);
    expect(seen).toEqual(["joined ann", "joined bob"]);
    vi.advanceTimersByTime(1);
    expect(seen.slice(2)).toEqual(["left bob disconnected"]);
    expect([...peers.peers.keys()]).toEqual(["ann"]);
  });

  it("does not take peers for gone whose return it slept through", () => {
    peers.addPeer(info("ann"));
    peers.beginMove();
    peers.removePeer("ann", "left");
    const nowMs = performance.now();
    vi.spyOn(performance, "now").mockReturnValueOnce(nowMs + 70_000);
    vi.advanceTimersByTime(MOVE_GRACE_MS);
    peers.addPeer(info("ann"));
    vi.advanceTimersByTime(MOVE_GRACE_MS);
    expect(seen).toEqual(["joined ann"]);
  });

  it("recognises by its identity a peer that comes back under a new id", () => {
    peers.addPeer(info("p1", "ann"));
    const ann = peers.peers.get("p1");
    peers.beginMove();
    peers.removePeer("p1", "left");
    peers.addPeer(info("p2", "ann"));
    expect(peers.peers.get("p2")).toBe(ann);
    expect(peers.peers.size).toBe(1);
    expect(seen).toEqual(["joined p1"]);
  });
});
