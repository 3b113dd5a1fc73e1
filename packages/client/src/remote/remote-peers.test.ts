import type { PeerInfo, ProducerInfo, Source } from "@fairlead/protocol";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RoomEvents } from "../api/events.ts";
import { makeTrackContext } from "../testing/track-context.ts";
import { TypedEmitter } from "../typed-emitter.ts";
import { PEER_PATIENCE_MS, RemotePeers, TRACK_PATIENCE_MS } from "./remote-peers.ts";

let peers: RemotePeers;
let seen: string[];
const info = (peerId: string, identity = peerId): PeerInfo => ({
  peerId,
  identity,
  name: "",
  metadata: "",
  joinedAtMs: 0,
});

const producer = (peerId: string, source: Source, epoch: number): ProducerInfo => ({
  producerId: `${peerId}-${source}-${epoch}`,
  peerId,
  source,
  kind: "video",
  paused: false,
  muted: false,
});
const offer = (...given: Parameters<typeof producer>) => peers.addProducer(producer(...given));

/** The room moves. @param back Peers that are at the new place already when its snapshot is made. */
function move(back: string[], graceMs = 0): void {
  peers.beginMove(graceMs);
  for (const { peerId, publications } of peers.peers.values()) {
    for (const { source } of publications.values()) peers.removeProducer(producer(peerId, source, 1));
    if (!back.includes(peerId)) peers.removePeer(peerId, "left");
  }
  peers.handleSnapshot();
}

beforeEach(() => {
  vi.useFakeTimers();
  seen = [];
  const emitter = new TypedEmitter<RoomEvents>();
  emitter.on("peer.joined", ({ peer }) => void seen.push(`joined ${peer.peerId}`));
  emitter.on("track.published", ({ peer, publication }) => {
    seen.push(`published ${peer.peerId} ${publication.source}`);
  });
  emitter.on("track.unpublished", ({ peer, publication }) => {
    seen.push(`unpublished ${peer.peerId} ${publication.source}`);
  });
  emitter.on("peer.away", ({ peer }) => void seen.push(`away ${peer.peerId} ${peer.isAway}`));
  emitter.on("peer.back", ({ peer }) => void seen.push(`back ${peer.peerId} ${peer.isAway}`));
  emitter.on("quality.changed", ({ peerId, quality }) => void seen.push(`${quality} ${peerId}`));
  emitter.on("peer.left", ({ peer, reason }) => void seen.push(`left ${peer.peerId} ${reason}`));
  peers = new RemotePeers({
    emitter,
    trackContext: makeTrackContext(),
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

  it("grades a peer that is away as lost, and as unknown when it is back until it is measured", () => {
    peers.addPeer(info("ann"));
    peers.addPeer({ ...info("ann"), away: true });
    peers.addPeer({ ...info("ann"), away: true, name: "Ann" });
    peers.addPeer(info("ann"));
    expect(seen).toEqual(["joined ann", "away ann true", "lost ann", "back ann false", "unknown ann"]);
    peers.addPeer({ ...info("bob"), away: true });
    expect([seen.at(-1), peers.peers.get("bob")?.quality]).toEqual(["joined bob", "lost"]);
  });

  it("knows which peers are at the node: after a move none until its snapshot, then those that are back", () => {
    const atNode = () => ["ann", "bob"].filter((name) => peers.isAtNode(name));
    for (const name of ["ann", "bob"]) peers.addPeer(info(name));
    expect(atNode()).toEqual(["ann", "bob"]);
    peers.beginMove(0);
    expect(atNode()).toEqual([]);
    peers.removePeer("bob", "left");
    peers.handleSnapshot();
    expect(atNode()).toEqual(["ann"]);
    peers.addPeer(info("bob"));
    expect(atNode()).toEqual(["ann", "bob"]);
  });

  it("after a move, reports only those peers as gone that have not come back in time", () => {
    for (const id of ["ann", "bob"]) peers.addPeer(info(id));
    move(["ann"]);
    vi.advanceTimersByTime(PEER_PATIENCE_MS - 1);
    expect(seen).toEqual(["joined ann", "joined bob"]);
    vi.advanceTimersByTime(1);
    expect(seen.slice(2)).toEqual(["left bob disconnected"]);
    expect([...peers.peers.keys()]).toEqual(["ann"]);
  });

  it("waits for a peer as long as the node would have waited for its socket", () => {
    peers.addPeer(info("ann"));
    move([], 2 * PEER_PATIENCE_MS);
    vi.advanceTimersByTime(2 * PEER_PATIENCE_MS - 1);
    expect(seen).toEqual(["joined ann"]);
    vi.advanceTimersByTime(1);
    expect(seen.slice(1)).toEqual(["left ann disconnected"]);
  });

  it("does not take peers for gone whose return it slept through", () => {
    peers.addPeer(info("ann"));
    move([]);
    const nowMs = performance.now();
    vi.spyOn(performance, "now").mockReturnValueOnce(nowMs + 70_000);
    vi.advanceTimersByTime(PEER_PATIENCE_MS);
    peers.addPeer(info("ann"));
    vi.advanceTimersByTime(PEER_PATIENCE_MS);
    expect(seen).toEqual(["joined ann"]);
  });

  it("waits for a peer's tracks from the moment when the peer is back, and on with each track that comes", () => {
    peers.addPeer(info("ann"));
    for (const source of ["camera", "microphone", "screen"] as const) offer("ann", source, 1);
    const before = seen.length;
    move([]);
    vi.advanceTimersByTime(PEER_PATIENCE_MS - 1);
    peers.addPeer(info("ann"));
    vi.advanceTimersByTime(TRACK_PATIENCE_MS - 1);
    offer("ann", "camera", 2);
    vi.advanceTimersByTime(TRACK_PATIENCE_MS - 1);
    offer("ann", "microphone", 2);
    vi.advanceTimersByTime(TRACK_PATIENCE_MS - 1);
    expect(seen.slice(before)).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(seen.slice(before)).toEqual(["unpublished ann screen"]);
  });

  it("hears at once of the end of a peer or track that was back, with the reason, though others are still awaited", () => {
    for (const id of ["ann", "bob", "cleo"]) {
      peers.addPeer(info(id));
      offer(id, "camera", 1);
    }
    const before = seen.length;
    move(["ann", "bob"]);
    offer("ann", "camera", 2);
    peers.removeProducer(producer("ann", "camera", 2));
    peers.removePeer("bob", "removed");
    expect(seen.slice(before)).toEqual([
      "unpublished ann camera",
      "unpublished bob camera",
      "left bob removed",
    ]);
  });

  it("recognises by its identity a peer that comes back under a new id, and keeps the order of all", () => {
    for (const id of ["ann", "bob", "cleo"]) peers.addPeer(info(`${id}-1`, id));
    const before = [...peers.peers.values()];
    move([]);
    for (const id of ["cleo", "bob", "ann"]) peers.addPeer(info(`${id}-2`, id));
    expect([...peers.peers.values()]).toEqual(before);
    expect([...peers.peers.keys()]).toEqual(["ann-2", "bob-2", "cleo-2"]);
    expect(seen).toEqual(["joined ann-1", "joined bob-1", "joined cleo-1"]);
  });
});
