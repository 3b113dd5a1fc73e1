import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import {
  CreateEgress,
  CreateIngest,
  FairleadError,
  type Ingest,
  type RoomOptions,
  type RoomOptions as RoomOptionsType,
} from "@fairlead/protocol";
import { expect, onTestFinished, vi } from "vitest";
import type { RoomBroadcast } from "../../broadcast/room-broadcast.ts";
import { openRoom } from "../../room/testing/open-room.ts";
import type { useTwoCores } from "../../room/testing/use-two-cores.ts";
import { openRtpEgress } from "../open-rtp-egress.ts";
import { openRtpIngest, type RtpIngestDeps } from "../open-rtp-ingest.ts";
import { RtpEgresses } from "../rtp-egresses.ts";
import { RtpIngests } from "../rtp-ingests.ts";
import { type RtpOptions, RtpReach } from "../rtp-reach.ts";

export const LOOPBACK: RtpOptions = { ip: "127.0.0.1", networks: ["127.0.0.0/8"] };

/** A room on two cores, whose publishers sit beside its home, and what exchanges RTP with it. */
export async function setUpRtp(
  cores: ReturnType<typeof useTwoCores>,
  {
    reach = LOOPBACK,
    options = {},
    broadcast = null,
  }: { reach?: RtpOptions; options?: Partial<RoomOptionsType>; broadcast?: RoomBroadcast | null } = {},
) {
  const opened = await openRoom(cores, options);
  const { room, clock, guest } = opened;
  const clocks = { now: () => clock.nowMs, elapsed: () => clock.nowMs };
  const rtpIngests = new RtpIngests(clocks);
  const rtpEgresses = new RtpEgresses(clocks);
  const rtpReach = new RtpReach(reach, () => [{ ip: "127.0.0.1" }]);
  const confirm = vi.fn(async () => {});
  const arrivals = { note: vi.fn(), noteGone: vi.fn() };
  const seating = { take: () => ({ core: guest.core, atMs: 0 }), giveBack: vi.fn() };
  const state = { broadcast };
  const deps = {
    broadcasts: {
      of: async () => {
        if (state.broadcast) return state.broadcast;
        throw new FairleadError("registry_cold");
      },
    },
    joins: { openRoom: async () => room },
    ...{ seating, arrivals, confirm, rtpIngests, rtpReach },
  } as unknown as RtpIngestDeps;
  const openIngest = (wish: Partial<Parameters<typeof CreateIngest.parse>[0] & object>) =>
    openRtpIngest(
      {
        ...{ lease: room.lease, options: room.options as RoomOptions, mutes: [], debitId: "d" },
        ingest: CreateIngest.parse({
          kind: "rtp",
          tracks: [{ source: "microphone", codec: "opus" }],
          ...wish,
        }),
      },
      deps,
    );
  const openEgress = (wish: object = {}) =>
    openRtpEgress(
      room,
      CreateEgress.parse({ kind: "rtp", receiverAddress: "127.0.0.1", receiverPort: 5_004, ...wish }),
      { rtpEgresses, rtpReach, confirm },
    );
  return { ...opened, rtpIngests, rtpEgresses, confirm, arrivals, seating, state, openIngest, openEgress };
}

export type UdpSocket = {
  port: number;
  received: Buffer[];
  send(packet: Buffer, port: number): Promise<void>;
};

/** On loopback, until the test is over. */
export async function openUdp(port = 0): Promise<UdpSocket> {
  const socket: Socket = createSocket("udp4").bind(port, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => void socket.close());
  const received: Buffer[] = [];
  socket.on("message", (packet) => received.push(packet));
  return {
    port: socket.address().port,
    received,
    send: (packet, to) =>
      new Promise((resolve, reject) =>
        socket.send(packet, to, "127.0.0.1", (error) => (error ? reject(error) : resolve())),
      ),
  };
}

/** A socket whose next port is free too. */
export async function openUdpPair(): Promise<{ rtp: UdpSocket; rtcp: UdpSocket }> {
  for (;;) {
    const rtp = await openUdp();
    const rtcp = await openUdp(rtp.port + 1).catch(() => null);
    if (rtcp) return { rtp, rtcp };
  }
}

/** RFC 3550 § 5.1, with a payload that is silence to Opus. */
export function rtpPacket({ payloadType, ssrc }: Ingest["tracks"][number], sequence: number): Buffer {
  const header = Buffer.alloc(12);
  header.writeUInt8(0x80, 0);
  header.writeUInt8(payloadType, 1);
  header.writeUInt16BE(sequence, 2);
  header.writeUInt32BE(sequence * 960, 4);
  header.writeUInt32BE(ssrc, 8);
  return Buffer.concat([header, Buffer.from([0xf8, 0xff, 0xfe])]);
}

/** @returns The track, which a test knows to be there. */
export function onlyTrack<T>({ tracks }: { tracks: readonly T[] }): T {
  return tracks[0] ?? expect.fail("no track");
}
