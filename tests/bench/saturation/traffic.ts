import { createSocket, type Socket } from "node:dgram";
import { answerParent } from "../processes/ask-child.ts";
import { countKeyFrameRequests, packetsOfFrame, readPacket, STREAM } from "./rtp-packets.ts";

/** The world around the worker, in a process of its own: publishers, and the consumers' far ends. */
export type TrafficTasks = {
  /** @returns Where probes are read, one port each, and a port where packets may come but nobody reads them. */
  open: { input: { probes: number }; output: { probePorts: number[]; sinkPort: number } };
  /** Key frames come once a second, as a consumer begins with one, or only when somebody asks for one. */
  publish: { input: { port: number; keyFrames: "each_second" | "on_request" }; output: null };
  /** @returns What these probes read since the last time, and how often publishers were asked for key frames. */
  read: { input: { probePorts: number[] }; output: TrafficCounts & { keyFrameRequests: number } };
};

/**
 * Of all probes. `lost`: numbers that were passed over, so packets that are still on their way are not among them. `late`:
 * older than `LATE_MS` when they were read. `agesMs`: of each one read.
 */
export type TrafficCounts = { received: number; lost: number; late: number; agesMs: number[] };

/** Later than this, a jitter buffer of a call has played on without the packet. */
const LATE_MS = 100;
const RECEIVE_BUFFER_BYTES = 1_000_000;

/** By port. */
const countsByPort = new Map<number, TrafficCounts>();
let keyFrameRequests = 0;

answerParent({
  open: async ({ probes }: TrafficTasks["open"]["input"]) => ({
    probePorts: await Promise.all(Array.from({ length: probes }, openProbe)),
    sinkPort: await openSink(),
  }),
  publish: (input: TrafficTasks["publish"]["input"]) => {
    publish(input);
    return null;
  },
  read: ({ probePorts }: TrafficTasks["read"]["input"]) => {
    const read = { ...sumOf(probePorts.map(takeCounts)), keyFrameRequests };
    keyFrameRequests = 0;
    return read;
  },
});

function emptyCounts(): TrafficCounts {
  return { received: 0, lost: 0, late: 0, agesMs: [] };
}

function takeCounts(port: number): TrafficCounts {
  const taken = countsByPort.get(port) ?? emptyCounts();
  countsByPort.set(port, emptyCounts());
  return taken;
}

function sumOf(counts: readonly TrafficCounts[]): TrafficCounts {
  return counts.reduce(
    (sum, { received, lost, late, agesMs }) => ({
      received: sum.received + received,
      lost: sum.lost + lost,
      late: sum.late + late,
      agesMs: [...sum.agesMs, ...agesMs],
    }),
    emptyCounts(),
  );
}

function publish({ port, keyFrames }: TrafficTasks["publish"]["input"]): void {
  const socket = createSocket("udp4");
  const beginMs = performance.now();
  let frame = 0;
  let isAsked = false;
  socket.on("message", (rtcp) => {
    const requests = countKeyFrameRequests(rtcp);
    keyFrameRequests += requests;
    isAsked ||= requests > 0;
  });
  const isKeyFrame = () => (keyFrames === "on_request" ? isAsked : frame % STREAM.framesPerSecond === 0);
  const tick = () => {
    while (frame < ((performance.now() - beginMs) * STREAM.framesPerSecond) / 1_000) {
      for (const packet of packetsOfFrame(frame, isKeyFrame())) socket.send(packet, port, "127.0.0.1");
      isAsked = false;
      frame += 1;
    }
  };
  setInterval(tick, 5);
}

async function openProbe(): Promise<number> {
  const socket = await bound();
  socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  const { port } = socket.address();
  countsByPort.set(port, emptyCounts());
  let last: number | undefined;
  socket.on("message", (data) => {
    const packet = readPacket(data);
    const counts = countsByPort.get(port);
    if (!packet || !counts) return;
    // Nothing on loopback overtakes, so a number that was passed over does not come any more.
    if (last !== undefined) counts.lost += ((packet.sequence - last) & 0xffff) - 1;
    last = packet.sequence;
    counts.received += 1;
    counts.agesMs.push(packet.ageMs);
    if (packet.ageMs > LATE_MS) counts.late += 1;
  });
  return port;
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
