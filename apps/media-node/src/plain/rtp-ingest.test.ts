import { FairleadError, type RoomRecord, RTP_INGESTS_PER_ROOM, RTP_SILENT_MS } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { describe, expect, it, vi } from "vitest";
import { RoomBroadcast } from "../broadcast/room-broadcast.ts";
import { recordOf } from "../broadcast/testing/record-of.ts";
import { moderationCommands } from "../commands/moderation-commands.ts";
import { noHooks } from "../hooks/hooks.ts";
import { loseSeat } from "../room/lose-seat.ts";
import { banIdentity } from "../room/moderate.ts";
import type { Peer } from "../room/peer.ts";
import type { Room } from "../room/room.ts";
import type { Seat } from "../room/seat.ts";
import { useTwoCores } from "../room/testing/use-two-cores.ts";
import { LOOPBACK, onlyTrack, openUdp, openUdpPair, rtpPacket, setUpRtp } from "./testing/set-up-rtp.ts";

const cores = useTwoCores();
const refusal = (code: string) => expect.objectContaining({ code });
const PLAIN = { encrypted: false, senderAddress: "127.0.0.1" };
const fromPort = (senderPort: number) => ({
  ...PLAIN,
  tracks: [{ source: "microphone", codec: "opus", senderPort }],
});

describe("an ingest by RTP", () => {
  it("takes media from its sender's port alone, and nothing is left of it", async () => {
    const { openIngest, room, rtpIngests, surplus, arrivals, seating } = await setUpRtp(cores);
    const { rtp } = await openUdpPair();
    const stranger = await openUdp();
    const opened = await openIngest({ ...fromPort(rtp.port), name: "Stage", identity: "stage" });
    const track = onlyTrack(opened);
    expect([...room.publishers.values()].map(({ info }) => info)).toEqual([
      expect.objectContaining({ peerId: opened.peerId, identity: "stage", name: "Stage" }),
    ]);
    const look = async () => {
      await rtpIngests.sweep();
      return rtpIngests.list(room)[0]?.mediaAtMs;
    };
    for (const packet of [
      rtpPacket(track, 1),
      rtpPacket(track, 2),
      Buffer.from("garbage"),
      Buffer.alloc(1_400),
    ])
      for (const port of [track.port, track.rtcpPort]) await stranger.send(packet, port);
    for (const packet of [Buffer.alloc(0), Buffer.alloc(64, 0x80), rtpPacket({ ...track, ssrc: 1 }, 1)])
      for (const port of [track.port, track.rtcpPort]) await rtp.send(packet, port);
    expect(await look()).toBeNull();
    await rtp.send(rtpPacket(track, 1), track.port);
    await expect.poll(look).toBe(0);
    expect(surplus()).toEqual([]);
    rtpIngests.find(room, opened.ingestId).close();
    expect([room.publishers.size, rtpIngests.list(room)]).toEqual([0, []]);
    expect([arrivals.note.mock.calls.length, arrivals.noteGone.mock.calls]).toEqual([1, [["d"]]]);
    expect(seating.giveBack).toHaveBeenCalledOnce();
    expect(() => rtpIngests.find(room, opened.ingestId)).toThrow(FairleadError);
  });

  it("has keys for each track, and ports of the node's range, of which there may be too few", async () => {
    const { port: min } = await openUdp();
    const ports = { min: min + 1, max: min + 4 };
    const { openIngest, room, surplus, rtpIngests } = await setUpRtp(cores, { reach: { ports } });
    const tracks = [
      { source: "camera", codec: "vp8" },
      { source: "microphone", codec: "opus" },
    ];
    const opened = await openIngest({ tracks });
    const used = opened.tracks.flatMap(({ port, rtcpPort }) => [port, rtcpPort]);
    expect(used.toSorted()).toEqual([1, 2, 3, 4].map((index) => min + index));
    const keys = opened.tracks.flatMap(({ srtp }) => [srtp?.mediaKey, srtp?.feedbackKey]);
    expect(new Set(keys).size).toBe(4);
    expect(keys.map((key) => Buffer.from(key ?? "", "base64").length)).toEqual([30, 30, 30, 30]);
    await expect(openIngest({})).rejects.toEqual(refusal("no_capacity"));
    expect([room.publishers.size, rtpIngests.list(room).length, surplus()]).toEqual([1, 1, []]);
    rtpIngests.find(room, opened.ingestId).close();
    await openIngest({ tracks });
  });

  it("by SRTP survives packets of strangers that come before its sender's", async () => {
    const { openIngest, rtpIngests, room, surplus } = await setUpRtp(cores);
    const stranger = await openUdp();
    const opened = await openIngest({});
    const { port, rtcpPort, ssrc } = onlyTrack(opened);
    for (const packet of [Buffer.alloc(16), rtpPacket(onlyTrack(opened), 1)])
      await stranger.send(packet, port);
    await expect
      .poll(() => onlyTrack(rtpIngests.find(room, opened.ingestId).answer ?? opened).srtp?.feedbackKey)
      .not.toBe(onlyTrack(opened).srtp?.feedbackKey);
    expect(onlyTrack({ tracks: rtpIngests.list(room).flatMap(({ tracks }) => tracks) })).toMatchObject({
      ...{ port, rtcpPort, ssrc },
    });
    await expect
      .poll(() => [...room.publishers.values()].map(({ producers }) => producers.size))
      .toEqual([1]);
    expect(surplus()).toEqual([]);
  });

  it("is given up where strangers never stop", async () => {
    const { openIngest, rtpIngests, room } = await setUpRtp(cores);
    const stranger = await openUdp();
    const { port } = onlyTrack(await openIngest({}));
    const flood = setInterval(() => void stranger.send(Buffer.alloc(16), port), 1);
    await expect.poll(() => rtpIngests.list(room)).toEqual([]);
    clearInterval(flood);
    expect(room.publishers.size).toBe(0);
  });

  it("is gone after 30 seconds without media", async () => {
    const { openIngest, rtpIngests, room, clock } = await setUpRtp(cores);
    const { rtp } = await openUdpPair();
    const track = onlyTrack(await openIngest(fromPort(rtp.port)));
    clock.nowMs = RTP_SILENT_MS;
    await rtp.send(rtpPacket(track, 1), track.port);
    await expect
      .poll(async () => {
        await rtpIngests.sweep();
        return rtpIngests.list(room)[0]?.mediaAtMs;
      })
      .toBe(RTP_SILENT_MS);
    clock.nowMs += RTP_SILENT_MS;
    await rtpIngests.sweep();
    expect(room.publishers.size).toBe(1);
    clock.nowMs += 1;
    await rtpIngests.sweep();
    expect([room.publishers.size, rtpIngests.list(room)]).toEqual([0, []]);
  });

  it("is one of 8 of its room, however many ask at once", async () => {
    const { openIngest, rtpIngests, room } = await setUpRtp(cores);
    const asked = Array.from({ length: RTP_INGESTS_PER_ROOM + 2 }, () => openIngest({}));
    const answers = await Promise.allSettled(asked);
    expect(answers.filter(({ status }) => status === "rejected")).toEqual([
      { status: "rejected", reason: refusal("rtp_limit") },
      { status: "rejected", reason: refusal("rtp_limit") },
    ]);
    expect(rtpIngests.list(room)).toHaveLength(RTP_INGESTS_PER_ROOM);
  });

  it.each([
    ["the room closes", (room: Room) => room.close("room_closed", "")],
    [
      "its core's worker dies",
      (room: Room, seat: Seat) => {
        seat.close();
        loseSeat(room, 1);
      },
    ],
  ])("is refused, and leaves nothing, when %s while it is being opened", async (_, end) => {
    const { openIngest, rtpIngests, room, guest, confirm } = await setUpRtp(cores);
    confirm.mockImplementation(async () => end(room, guest));
    await expect(openIngest({})).rejects.toEqual(refusal("lease_lost"));
    expect([room.publishers.size, rtpIngests.list(room)]).toEqual([0, []]);
  });

  it("keeps out whom the room keeps out, and goes when its identity is banned", async () => {
    const { openIngest, room } = await setUpRtp(cores);
    room.mutes.set("quiet", "microphone", true);
    await expect(openIngest({ identity: "quiet" })).rejects.toEqual(refusal("muted_by_moderator"));
    await openIngest({ identity: "bad" });
    await banIdentity(room, "bad", "");
    expect(room.publishers.size).toBe(0);
    await expect(openIngest({ identity: "bad" })).rejects.toEqual(refusal("banned"));
  });

  it("is muted and removed by moderators as a peer is, with all of its identity", async () => {
    const { openIngest, room, rtpIngests } = await setUpRtp(cores);
    const first = await openIngest({ identity: "stage" });
    const second = await openIngest({ identity: "stage" });
    await openIngest({ identity: "other" });
    const peer = { grants: { moderate: true } } as Peer;
    const mute = (muted: boolean) =>
      moderationCommands["peer.mute"]({ room, peer }, { peerId: first.peerId, source: "microphone", muted });
    const paused = () =>
      [...room.publishers.values()].flatMap(({ producers }) =>
        [...producers.values()].map((producer) => producer.paused),
      );
    await mute(true);
    expect(paused()).toEqual([true, true, false]);
    await mute(false);
    expect(paused()).toEqual([false, false, false]);
    await moderationCommands["peer.remove"]({ room, peer }, { peerId: first.peerId, reason: "", ban: false });
    expect(room.publishers.has(first.peerId)).toBe(false);
    expect(rtpIngests.list(room).map(({ peerId }) => peerId)).toContain(second.peerId);
    await moderationCommands["peer.remove"]({ room, peer }, { peerId: second.peerId, reason: "", ban: true });
    expect(rtpIngests.list(room)).toHaveLength(1);
  });

  it("goes too where the ban is only in the room's record", async () => {
    const { openIngest, room } = await setUpRtp(cores);
    await openIngest({ identity: "bad" });
    const bans = [{ identity: "bad", ticketIds: [] }];
    room.noteRecord({ bans, mutes: [], options: room.options } as unknown as RoomRecord);
    expect(room.publishers.size).toBe(0);
  });

  it.each([
    ["a picture as Opus", { tracks: [{ source: "camera", codec: "opus" }] }, "invalid_request"],
    ["a sound as VP8", { tracks: [{ source: "microphone", codec: "vp8" }] }, "invalid_request"],
    ["two cameras", { tracks: [1, 2].map(() => ({ source: "camera", codec: "vp8" })) }, "invalid_request"],
    ["plain RTP from anywhere", { encrypted: false }, "invalid_request"],
    ["plain RTP from any port", PLAIN, "invalid_request"],
    ["a sender elsewhere", { ...fromPort(5_000), senderAddress: "10.0.0.1" }, "rtp_refused"],
    ["a sender of the other family", { ...fromPort(5_000), senderAddress: "::1" }, "rtp_refused"],
  ])("is refused for %s", async (_, wish, code) => {
    const reach = { ...LOOPBACK, networks: ["127.0.0.0/8", "::1/128"] };
    const { openIngest, rtpIngests, room } = await setUpRtp(cores, { reach });
    await expect(openIngest(wish)).rejects.toEqual(refusal(code));
    expect([room.publishers.size, rtpIngests.list(room)]).toEqual([0, []]);
  });

  it("is never plain where the node has no private address for it", async () => {
    const { openIngest } = await setUpRtp(cores, { reach: { networks: ["127.0.0.0/8"] } });
    await expect(openIngest(fromPort(5_000))).rejects.toEqual(refusal("rtp_refused"));
    await openIngest({ ...fromPort(5_000), encrypted: true });
  });
});

describe("an ingest by RTP of a broadcast", () => {
  async function setUp() {
    const parts = await setUpRtp(cores, { options: { kind: "broadcast" } });
    const { room, clock, state } = parts;
    const record = recordOf();
    const registry = createMemoryRegistry({ now: () => clock.nowMs });
    await registry.updateRoom("r", { options: room.options, broadcast: { write: record, ifRevision: null } });
    const elapsed = () => clock.nowMs;
    const broadcast = new RoomBroadcast({
      room,
      record,
      registry,
      hooks: noHooks,
      elapsed,
      onEnded: () => {},
    });
    room.broadcast = broadcast;
    state.broadcast = broadcast;
    return { ...parts, broadcast };
  }

  it("is its one publisher, with a run of its own, until a newer one takes over", async () => {
    const { openIngest, broadcast, room, clock, rtpIngests } = await setUp();
    const first = await openIngest({});
    expect([broadcast.counts.publisher?.kind, room.publishers.size]).toEqual(["rtp", 1]);
    const { run } = broadcast.record;
    await expect(openIngest({})).rejects.toEqual(refusal("publisher_active"));
    expect(room.publishers.has(first.peerId)).toBe(true);
    clock.nowMs += 3_000;
    const second = await openIngest({});
    expect([[...room.publishers.keys()], broadcast.record.run]).toEqual([[second.peerId], run + 1]);
    expect(() => rtpIngests.find(room, first.ingestId)).toThrow(FairleadError);
    rtpIngests.find(room, second.ingestId).close();
    expect(broadcast.counts.publisher).toBeNull();
  });

  it("is packaged by somebody else: its place says where its media is", async () => {
    const { openIngest, broadcast, guest } = await setUp();
    const claim = vi.spyOn(broadcast, "claim");
    await openIngest({});
    expect(claim.mock.calls[0]?.[0].seat?.()).toBe(guest);
  });

  it("is refused while nobody knows the broadcast's record: it would come in beside the publisher", async () => {
    const { openIngest, state, room, rtpIngests } = await setUp();
    state.broadcast = null;
    await expect(openIngest({})).rejects.toEqual(refusal("registry_cold"));
    expect([room.publishers.size, rtpIngests.list(room)]).toEqual([0, []]);
  });

  it("gives the place back when it can't be opened, and ends with the broadcast", async () => {
    const { openIngest, broadcast, confirm, room } = await setUp();
    confirm.mockRejectedValueOnce(new FairleadError("lease_lost"));
    await expect(openIngest({})).rejects.toEqual(refusal("lease_lost"));
    expect([broadcast.counts.publisher, room.publishers.size]).toEqual([null, 0]);
    await openIngest({});
    broadcast.end();
    expect(room.publishers.size).toBe(0);
    await expect(openIngest({})).rejects.toEqual(refusal("broadcast_ended"));
  });
});
