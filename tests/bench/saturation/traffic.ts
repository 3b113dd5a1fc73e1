import { createSocket, type Socket } from "node:dgram";
import { answerParent } from "../processes/ask-child.ts";
import { packetsOfFrame, readPacket, STREAM } from "./rtp-packets.ts";

/** The world around the worker, in a process of its own: the publisher, and the consumers' far ends. */
export type TrafficTasks = {
  /** @returns Where probes are read, one port each, and a port where packets may come but nobody reads them. */
  open: { input: { probes: number }; output: { probePorts: number[]; sinkPort: number } };
  publish: { input: { port: number }; output: null };
  /** @returns What was read since the last time. */
  read: { input: null; output: TrafficCounts };
};

/**
 * Of all probes. `lost`: numbers that were passed over, so packets that are still on their way are not among them. `late`:
 * older than `LATE_MS` when they were read. `agesMs`: of each one read.
 */
export type TrafficCounts = { received: number; lost: number; late: number; agesMs: number[] };

/** Later than this, a jitter buffer of a call has played on without the packet. */
const LATE_MS = 100;
const RECEIVE_BUFFER_BYTES = 1_000_000;

let counts: TrafficCounts = emptyCounts();

answerParent({
  open: async ({ probes }: TrafficTasks["open"]["input"]) => ({
    probePorts: await Promise.all(Array.from({ length: probes }, openProbe)),
    sinkPort: await openSink(),
  }),
  publish: ({ port }: TrafficTasks["publish"]["input"]) => {
    publish(port);
    return null;
  },
  read: () => {
    const read = counts;
    counts = emptyCounts();
    return read;
  },
});

function emptyCounts(): TrafficCounts {
  return { received: 0, lost: 0, late: 0, agesMs: [] };
}

function publish(port: number): void {
  const socket = createSocket("udp4");
  const beginMs = performance.now();
  let frame = 0;
  const tick = () => {
    while (frame < ((performance.now() - beginMs) * STREAM.framesPerSecond) / 1_000) {
      for (const packet of packetsOfFrame(frame)) socket.send(packet, port, "127.0.0.1");
      frame += 1;
    }
  };
  setInterval(tick, 5);
}

async function openProbe(): Promise<number> {
  const socket = await bound();
  socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  let last: number | undefined;
  socket.on("message", (data) => {
    const packet = readPacket(data);
    if (!packet) return;
    // Nothing on loopback overtakes, so a number that was passed over does not come any more.
    if (last !== undefined) counts.lost += ((packet.sequence - last) & 0xffff) - 1;
    last = packet.sequence;
    counts.received += 1;
    counts.agesMs.push(packet.ageMs);
    if (packet.ageMs > LATE_MS) counts.late += 1;
  });
  return socket.address().port;
}

/** Bound, so that senders see no refusal, and never read: the kernel drops what does not fit. */
async function openSink(): Promise<number> {
  const socket = await bound();
  const { port } = socket.address();
  return port;
}

function bound(): Promise<Socket> {
  const socket = createSocket("udp4");
  return new Promise((resolve) => socket.bind(0, "127.0.0.1", () => resolve(socket)));
}
