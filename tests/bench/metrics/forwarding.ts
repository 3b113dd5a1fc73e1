import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { EgressWithSdp, IngestWithKeys } from "@fairlead/protocol";
import type { ProcessCluster } from "../../support/clusters/start-process-cluster.ts";

const RECEIVERS = 6;
const TICK_MS = 20;
/** Ten times what a microphone sends. */
const PACKETS_PER_TICK = 10;
const PAYLOAD_BYTES = 160;
const SAMPLES = 960;

/** One plain RTP stream of sound into a room of the cluster, and several out of it, as fast as a few dozen microphones. */
export async function openForwarding(cluster: ProcessCluster) {
  const room = cluster.newRoom();
  const sender = await openSocket();
  const ingest = await cluster.api<IngestWithKeys>("POST", `/v1/rooms/${room}/ingests`, {
    ...{ kind: "rtp", encrypted: false, senderAddress: "127.0.0.1" },
    tracks: [{ source: "microphone", codec: "opus", senderPort: sender.address().port }],
  });
  const [track] = ingest.tracks;
  if (!track) throw new Error("an ingest has a track");
  let received = 0;
  const receivers = await Promise.all(Array.from({ length: RECEIVERS }, openSocket));
  for (const receiver of receivers) {
    receiver.on("message", () => {
      received += 1;
    });
    await cluster.api<EgressWithSdp>("POST", `/v1/rooms/${room}/egresses`, {
      ...{ kind: "rtp", encrypted: false, peerId: ingest.peerId },
      ...{ receiverAddress: "127.0.0.1", receiverPort: receiver.address().port },
    });
  }
  const send = packetsTo(sender, track);
  return {
    /** @returns How many packets came out meanwhile. */
    during: async (act: () => Promise<unknown>): Promise<number> => {
      const before = received;
      const timer = setInterval(send, TICK_MS);
      await act();
      clearInterval(timer);
      return received - before;
    },
    close: () => {
      for (const socket of [sender, ...receivers]) socket.close();
    },
  };
}

/** Even, as ports of RTP are; the next one is RTCP's. */
async function openSocket(): Promise<Socket> {
  for (;;) {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    if (socket.address().port % 2 === 0) return socket;
    socket.close();
  }
}

type Target = Pick<IngestWithKeys["tracks"][number], "address" | "port" | "payloadType" | "ssrc">;

function packetsTo(socket: Socket, { address, port, payloadType, ssrc }: Target): () => void {
  let sequence = 0;
  return () => {
    for (let index = 0; index < PACKETS_PER_TICK; index += 1) {
      const packet = Buffer.alloc(12 + PAYLOAD_BYTES, 0xfc);
      // RFC 3550 § 5.1.
      packet.writeUInt8(0x80, 0);
      packet.writeUInt8(payloadType, 1);
      packet.writeUInt16BE(sequence % 65_536, 2);
      packet.writeUInt32BE((sequence * SAMPLES) % 2 ** 32, 4);
      packet.writeUInt32BE(ssrc >>> 0, 8);
      socket.send(packet, port, address);
      sequence += 1;
    }
  };
}
