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
});
