import { createSocket } from "node:dgram";
import { once } from "node:events";
import { FairleadError, type IngestHealth } from "@fairlead/protocol";
import type { OpenIngest, StartedTracks } from "../../ingest/open-ingest.ts";

export const GOOD_KEY = `cast.${"k".repeat(43)}`;
const VIDEO = { payloadType: 96, ssrc: 0xf000_1111 };
const AUDIO = { payloadType: 97, ssrc: 2_222 };

export type Received = {
  ports: Set<number>;
  packets: number;
  rtcp: number;
  types: Set<number>;
  ssrcs: Set<number>;
  sequences: number[];
  timestamps: number[];
};

/** Ingests whose media ends at UDP sockets, which count it. */
export function openToSockets() {
  const asked: { key: string; address: string }[] = [];
  const started: StartedTracks[] = [];
  const health: IngestHealth[] = [];
  const closing: (() => void)[] = [];
  const video = newCount();
  const audio = newCount();
  let closed = 0;
  const refused: (string | undefined)[] = [];
  let end = (_words: string) => {};
  const open: OpenIngest = async (publisher) => {
    asked.push(publisher);
    if (publisher.key !== GOOD_KEY) throw new FairleadError("stream_key_invalid");
    const ended = new Promise<string>((resolve) => {
      end = resolve;
    });
    return {
      start: async (tracks) => {
        started.push(tracks);
        return {
          video: tracks.video && { ...VIDEO, ...(await countAt(video, closing)) },
          audio: tracks.audio ? { ...AUDIO, ...(await countAt(audio, closing)) } : null,
        };
      },
      noteHealth: (now) => health.push(now),
      ended,
      close: (words) => {
        closed += 1;
        refused.push(words);
      },
    };
  };
  const close = () => {
    for (const act of closing) act();
  };
  return {
    open,
    asked,
    started,
    health,
    video,
    audio,
    closed: () => closed,
    refused,
    end: (words: string) => end(words),
    close,
  };
}

function newCount(): Received {
  const lists = { sequences: [], timestamps: [] };
  return { ports: new Set(), packets: 0, rtcp: 0, types: new Set(), ssrcs: new Set(), ...lists };
}

async function countAt(count: Received, closing: (() => void)[]) {
  const [rtp, rtcp] = [createSocket("udp4"), createSocket("udp4")];
  for (const socket of [rtp, rtcp]) socket.bind(0, "127.0.0.1");
  await Promise.all([once(rtp, "listening"), once(rtcp, "listening")]);
  closing.push(() => [rtp, rtcp].map((socket) => socket.close()));
  rtcp.on("message", () => {
    count.rtcp += 1;
  });
  rtp.on("message", (packet, { port }) => {
    count.ports.add(port);
    count.packets += 1;
    count.types.add(packet.readUInt8(1) & 127);
    count.ssrcs.add(packet.readUInt32BE(8));
    count.sequences.push(packet.readUInt16BE(2));
    count.timestamps.push(packet.readUInt32BE(4));
  });
  return { ip: "127.0.0.1", rtpPort: rtp.address().port, rtcpPort: rtcp.address().port };
}
