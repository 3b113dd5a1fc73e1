import type { PeerInfo, ProducerInfo, RoomEvent } from "@fairlead/protocol";
import { describe, expect, it } from "vitest";
import { RoomModel } from "./room-model.ts";

const grants = { publish: [], subscribe: true, data: true, moderate: false };
const started: RoomEvent = { name: "snapshot.started", data: { roomId: "room", peerId: "me", grants } };
const ended: RoomEvent = { name: "snapshot.ended", data: {} };
const peer = (peerId: string): PeerInfo => ({
  peerId,
  identity: peerId,
  name: "",
  metadata: "",
  joinedAtMs: 0,
});
const joined = (...ids: string[]): RoomEvent => ({ name: "peers.joined", data: { peers: ids.map(peer) } });
const producer = (producerId: string, peerId: string, change: Partial<ProducerInfo> = {}): ProducerInfo => ({
  producerId,
  peerId,
  kind: "audio",
  source: "microphone",
  paused: false,
  muted: false,
  ...change,
});
const produced = (...producers: ProducerInfo[]): RoomEvent => ({
  name: "producers.created",
  data: { producers },
});

function modelWith(...events: RoomEvent[]): RoomModel {
  const model = new RoomModel();
  for (const event of [started, ...events, ended]) model.apply(event);
  return model;
}
const changesOf = (model: RoomModel, ...events: RoomEvent[]) =>
  events.flatMap((event) => model.apply(event)).filter(({ type }) => type !== "snapshot.applied");

describe("RoomModel", () => {
  it("reports each event as one change, and nothing for what it knows", () => {
    const model = modelWith();
    expect(changesOf(model, joined("ann"))).toEqual([{ type: "peer.added", peer: peer("ann") }]);
    expect(changesOf(model, joined("ann"))).toEqual([]);
    const left: RoomEvent = { name: "peer.left", data: { peerId: "ann", reason: "removed" } };
    expect(changesOf(model, left)).toEqual([{ type: "peer.removed", peerId: "ann", reason: "removed" }]);
    expect(changesOf(model, left)).toEqual([]);
  });

  it("knows who is away, by event and by snapshot, and who is back", () => {
    const model = modelWith(joined("ann"));
    const away: RoomEvent = { name: "peers.away", data: { peerIds: ["ann", "unknown"] } };
    const isAway = { type: "peer.added", peer: { ...peer("ann"), away: true } };
    expect(changesOf(model, away, away)).toEqual([isAway]);
    expect(changesOf(model, { name: "peer.back", data: { peerId: "ann" } })).toEqual([
      { type: "peer.added", peer: peer("ann") },
    ]);
    const snapshot: RoomEvent = { name: "peers.joined", data: { peers: [{ ...peer("ann"), away: true }] } };
    expect(changesOf(model, started, snapshot, ended)).toEqual([isAway]);
    expect(changesOf(model, started, joined("ann"), ended)).toEqual([
      { type: "peer.added", peer: peer("ann") },
    ]);
  });

  it("says nothing about a snapshot that equals what it knows", () => {
    const events = [joined("ann", "bob"), produced(producer("a", "ann"))];
    expect(changesOf(modelWith(...events), started, ...events, ended)).toEqual([]);
  });

  it("reports only the difference, from leaf to root and then from root to leaf", () => {
    const model = modelWith(joined("ann", "bob"), produced(producer("a", "ann"), producer("b", "bob")));
    const changes = changesOf(
      model,
      started,
      joined("bob", "cid"),
      produced(producer("b", "bob", { paused: true }), producer("c", "cid")),
      ended,
    );
    expect(changes).toEqual([
      { type: "producer.removed", producer: producer("a", "ann") },
      { type: "peer.removed", peerId: "ann", reason: "left" },
      { type: "peer.added", peer: peer("cid") },
      { type: "producer.added", producer: producer("c", "cid") },
      { type: "producer.changed", producer: producer("b", "bob", { paused: true }) },
    ]);
  });

  it("shows nothing of a snapshot before its end, and begins anew when another one starts", () => {
    const model = modelWith(joined("ann"));
    expect(changesOf(model, started, joined("bob"))).toEqual([]);
    expect([...model.contents.peers.keys()]).toEqual(["ann"]);
    expect(changesOf(model, started, joined("ann", "cid"), ended)).toEqual([
      { type: "peer.added", peer: peer("cid") },
    ]);
  });

  it("reports a moderator's mute from a snapshot and its end by event, and its end by a snapshot without it", () => {
    const mute = (muted: boolean): RoomEvent => ({
      name: "source.muted",
      data: { source: "microphone", muted },
    });
    const change = (muted: boolean) => ({ type: "source.muted", source: "microphone", muted });
    const model = modelWith();
    expect(changesOf(model, started, mute(true), ended)).toEqual([change(true)]);
    expect(changesOf(model, mute(false))).toEqual([change(false)]);
    expect(changesOf(model, mute(true), started, ended)).toEqual([change(true), change(false)]);
  });

  it("takes what a new session tells before its snapshot for part of it, and never mixes it with the last session", () => {
    const model = modelWith(joined("ann-1", "bob-1"));
    model.startSession();
    expect(changesOf(model, joined("bob-2"))).toEqual([]);
    expect([...model.contents.peers.keys()]).toEqual(["ann-1", "bob-1"]);
    const changes = changesOf(model, started, joined("ann-2"), ended);
    expect(changes.map((change) => `${change.type} ${"peer" in change ? change.peer.peerId : ""}`)).toEqual([
      "peer.removed ",
      "peer.removed ",
      "peer.added bob-2",
      "peer.added ann-2",
    ]);
  });

  it("reports a peer again that says something else of itself, by event and by snapshot", () => {
    const model = modelWith(joined("ann"));
    const renamed = { ...peer("ann"), name: "Ann" };
    const again: RoomEvent = { name: "peers.joined", data: { peers: [renamed] } };
    expect(changesOf(model, again)).toEqual([{ type: "peer.added", peer: renamed }]);
    expect(changesOf(model, started, joined("ann"), ended)).toEqual([
      { type: "peer.added", peer: peer("ann") },
    ]);
  });
});
