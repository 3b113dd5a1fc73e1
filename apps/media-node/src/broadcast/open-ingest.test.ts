import { FairleadError, type PipeAddress, RoomOptions } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import type { types } from "mediasoup";
import { describe, expect, it, vi } from "vitest";
import { noHooks } from "../hooks/hooks.ts";
import { openRoom } from "../room/testing/open-room.ts";
import { useTwoCores } from "../room/testing/use-two-cores.ts";
import { connectIngest } from "./connect-ingest.ts";
import { Ingests } from "./ingests.ts";
import { openIngest } from "./open-ingest.ts";
import { RoomBroadcast } from "./room-broadcast.ts";
import type { IngestCallsDeps } from "./sdp-calls-deps.ts";
import { KEY_HASH, recordOf } from "./testing/record-of.ts";

const cores = useTwoCores();
const OPUS: types.RtpCodecParameters = {
  ...{ mimeType: "audio/opus", payloadType: 100, clockRate: 48_000, channels: 2 },
};

async function setUp() {
  const { room, clock, surplus, home, guest } = await openRoom(cores, { kind: "broadcast" });
  const record = recordOf();
  const registry = createMemoryRegistry({ now: () => clock.nowMs });
  const options = RoomOptions.parse({ kind: "broadcast" });
  await registry.updateRoom("r", { options, broadcast: { write: record, ifRevision: null } });
  const elapsed = () => clock.nowMs;
  const broadcast = new RoomBroadcast({ room, record, registry, hooks: noHooks, elapsed, onEnded: () => {} });
  room.broadcast = broadcast;
  const ingests = new Ingests(elapsed);
  const arrivals = { note: vi.fn(), noteGone: vi.fn() };
  const deps = {
    broadcasts: { of: async () => broadcast },
    joins: { openRoom: async () => room },
    seating: { take: () => ({ core: guest.core, atMs: 0 }), giveBack: () => {} },
    ...{ ingests, arrivals, elapsed, confirm: async () => {} },
    pipeReach: { ip: "127.0.0.1", publicIp: "127.0.0.1" },
  } as unknown as IngestCallsDeps;
  const open = (keyHash = KEY_HASH) =>
    openIngest({ lease: room.lease, options, mutes: [], debitId: "d", kind: "rtmp" as const, keyHash }, deps);
  /** The other process's end of a pipe, with a track to send. */
  const pipe = async () => {
    const transport = await home.router.createPipeTransport({
      ...{ listenInfo: { protocol: "udp", ip: "127.0.0.1" }, enableSrtp: true, enableRtx: true },
      appData: { owner: { ...home.owner } },
    });
    const { tuple, srtpParameters } = transport;
    const address = { ip: tuple.localAddress, port: tuple.localPort, srtpParameters } as PipeAddress;
    return { transport, address };
  };
  const tracks = [
    {
      source: "microphone" as const,
      kind: "audio" as const,
      rtpParameters: { codecs: [OPUS], encodings: [{ ssrc: 1 }] },
    },
  ];
  const connect = (sessionId: string, address: PipeAddress) =>
    connectIngest({ roomId: "r", sessionId, pipe: address, tracks }, deps);
  return { room, clock, surplus, broadcast, ingests, arrivals, open, pipe, connect };
}

describe("an ingest by RTMP at the home", () => {
  it("has the broadcast before its media comes, and brings it by a pipe that may be replaced", async () => {
    const { open, pipe, connect, room, broadcast, ingests } = await setUp();
    const { sessionId, run } = await open();
    expect([run, room.publishers.size, broadcast.counts.publisher?.kind]).toEqual([1, 0, "rtmp"]);
    const far = await pipe();
    const answer = await connect(sessionId, far.address);
    await far.transport.connect(answer.pipe as Parameters<typeof far.transport.connect>[0]);
    expect([...room.publishers.values()].map(({ producers }) => producers.size)).toEqual([1]);
    await connect(sessionId, (await pipe()).address);
    expect(room.publishers.size).toBe(1);
    ingests.find(sessionId, "r").prove({ fps: 30, gopMs: 2_000 });
    expect(broadcast.counts.publisher?.ingest).toEqual({ fps: 30, gopMs: 2_000 });
    ingests.find(sessionId, "r").close();
    expect([room.publishers.size, broadcast.counts.publisher]).toEqual([0, null]);
  });

  it("that sent its encoder away says why, until another publisher comes", async () => {
    const { open, broadcast, ingests, clock } = await setUp();
    const { sessionId } = await open();
    ingests.find(sessionId, "r").close("The bitrate is above 12 Mbps.");
    expect(broadcast.counts).toMatchObject({
      publisher: null,
      refused: { words: "The bitrate is above 12 Mbps.", atMs: expect.any(Number) },
    });
    clock.nowMs += 5_000;
    const { sessionId: next } = await open();
    expect(broadcast.counts.refused).toBeUndefined();
    ingests.find(next, "r").close();
    expect(broadcast.counts.refused).toBeUndefined();
  });

  it("is over when nobody proves it for five seconds, and leaves nothing", async () => {
    const { open, pipe, connect, clock, ingests, room, arrivals } = await setUp();
    const { sessionId } = await open();
    await connect(sessionId, (await pipe()).address);
    const sweepFor = (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        clock.nowMs += 1_000;
        ingests.sweep();
      }
    };
    sweepFor(5);
    // The process stood still: nobody could prove anything.
    clock.nowMs += 60_000;
    ingests.sweep();
    sweepFor(5);
    expect(room.publishers.size).toBe(1);
    sweepFor(1);
    expect(room.publishers.size).toBe(0);
    expect(arrivals.noteGone).toHaveBeenCalledWith("d");
    expect(() => ingests.find(sessionId, "r")).toThrow(FairleadError);
  });

  it("goes on without a proof while its media comes", async () => {
    const { open, pipe, connect, clock, ingests, room, broadcast } = await setUp();
    const { sessionId } = await open();
    await connect(sessionId, (await pipe()).address);
    const isSentBy = vi.spyOn(broadcast, "isSentBy").mockReturnValue(true);
    const sweepFor = (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        clock.nowMs += 1_000;
        ingests.sweep();
      }
    };
    sweepFor(20);
    expect(room.publishers.size).toBe(1);
    isSentBy.mockRestore();
    sweepFor(1);
    expect(room.publishers.size).toBe(0);
  });

  it("is over with its broadcast, also before its media has come", async () => {
    const { open, ingests, broadcast } = await setUp();
    const { sessionId } = await open();
    broadcast.end();
    expect(() => ingests.find(sessionId, "r")).toThrow(FairleadError);
  });

  it("of two pipes at once one stays, and nothing is left of the other", async () => {
    const { open, pipe, connect, room, surplus } = await setUp();
    const { sessionId } = await open();
    const [one, other] = await Promise.all([pipe(), pipe()]);
    await Promise.allSettled([connect(sessionId, one.address), connect(sessionId, other.address)]);
    expect([room.publishers.size, surplus().filter(({ owner }) => owner?.publisherId)]).toEqual([1, []]);
  });

  it("is refused with another key, beside a live one, and from an address that is none", async () => {
    const { open, connect, room } = await setUp();
    await expect(open("b".repeat(64))).rejects.toMatchObject({ code: "stream_key_invalid" });
    const { sessionId } = await open();
    await expect(open()).rejects.toMatchObject({ code: "publisher_active" });
    await expect(connect(sessionId, { ip: "nowhere", port: 1 })).rejects.toMatchObject({
      code: "invalid_request",
    });
    expect(room.publishers.size).toBe(0);
  });
});
