import type { AddressInfo } from "node:net";
import { decodeText, encodeJson } from "@fairlead/bus";
import { createMemoryBus } from "@fairlead/bus/memory";
import { localAddresses } from "@fairlead/media-node";
import { provideWorker } from "@fairlead/mediasoup-worker";
import { DEFAULT_CODEC_POLICY, mediaCodecs, randomId, type ServedLease } from "@fairlead/protocol";
import { createMemoryRegistry } from "@fairlead/registry/memory";
import { createWorker, type types } from "mediasoup";
import { WebSocketServer } from "ws";
import { answerParent } from "../processes/ask-child.ts";

/**
 * The parts of a join alone, in a process like the server's: what nobody can do without who has a bus, a registry and
 * mediasoup. Nothing is validated, signed or logged here.
 */
export type PartName = "busRoundTrip" | "place" | "transports";
export type PartsTasks = {
  /** `request`, `reply`: a join's own, so that the bus carries as much. */
  open: { input: { request: unknown; reply: unknown }; output: { socketUrl: string } };
  /** @returns Milliseconds of each of `atOnce`. */
  measure: { input: { part: PartName; atOnce: number }; output: number[] };
};

const ROOMS = 10;
const CORES = 2;
const SUBJECT = "node.bench.call";

type Part = () => Promise<unknown>;
let parts: Record<PartName, Part>;
let settle: () => Promise<void>;

answerParent({
  open: async ({ request, reply }: PartsTasks["open"]["input"]) => {
    const registry = await openRegistry();
    settle = registry.settle;
    parts = {
      busRoundTrip: openBus(request, reply),
      place: registry.place,
      transports: await openMediasoup(),
    };
    return { socketUrl: await openSocketServer(JSON.stringify(reply)) };
  },
  measure: async ({ part, atOnce }: PartsTasks["measure"]["input"]) => {
    if (part === "place") await settle();
    return Promise.all(Array.from({ length: atOnce }, () => timed(parts[part])));
  },
});

async function timed(act: Part): Promise<number> {
  const beginMs = performance.now();
  let cleanUp: unknown;
  try {
    cleanUp = await act();
    return performance.now() - beginMs;
  } finally {
    if (typeof cleanUp === "function") cleanUp();
  }
}

/** Request and reply encoded to bytes, carried, and decoded. */
function openBus(request: unknown, reply: unknown): Part {
  const bus = createMemoryBus();
  bus.subscribe(SUBJECT, ({ data, respond }) => {
    JSON.parse(decodeText(data));
    respond?.(encodeJson(reply));
  });
  return async () => {
    const { data } = await bus.request(SUBJECT, encodeJson(request), { timeoutMs: 5_000 });
    JSON.parse(decodeText(data));
  };
}

/** Rooms that exist, on a node of two cores, as the joins find them. */
async function openRegistry() {
  const registry = createMemoryRegistry();
  const node = { nodeId: "bench", incarnation: randomId() };
  let debits: string[] = [];
  const placed = new Map<string, ServedLease>();
  const settle = async () => {
    const core = { cpuLoad: 0, rooms: 0, peers: 0, consumers: 0, usable: true };
    await registry.heartbeat({
      ...node,
      state: "ready",
      busConnected: true,
      region: "default",
      labels: [],
      version: "bench",
      networkLoad: 0,
      cores: Array.from({ length: CORES }, (_, index) => ({ ...core, core: index })),
      capacity: { maxPeers: null, networkBps: 1_000_000_000 },
      observedCosts: [],
      suspects: [],
      settledDebits: debits,
      leases: allOf([...placed.values()]),
    });
    debits = [];
  };
  let turn = 0;
  const place = async () => {
    turn += 1;
    const peer = { identity: `peer-${turn}`, ticketId: `ticket-${turn}` };
    const { lease, debitId } = await registry.place({ roomId: `room-${turn % ROOMS}`, peer });
    return () => {
      debits.push(debitId);
      const { roomId, core, epoch } = lease;
      placed.set(roomId, { roomId, core, epoch, peers: 1, isLocal: false });
    };
  };
  await settle();
  for (let room = 0; room < ROOMS; room++) (await place())();
  return { place, settle };
}

function allOf(named: ServedLease[]) {
  const epochSum = named.reduce((sum, { epoch }) => sum + (epoch % 1_000_000_000), 0);
  return { count: named.length, epochSum, named, page: { of: 1, buckets: [0] } };
}

/** mediasoup's own two transports, both at once, as a join makes them. */
async function openMediasoup(): Promise<Part> {
  const { bin } = await provideWorker();
  const cores = await Promise.all(Array.from({ length: CORES }, () => openCore(bin)));
  let turn = 0;
  return async () => {
    turn += 1;
    const { router, webRtcServer } = cores[turn % CORES] as Core;
    const options: types.WebRtcTransportOptions = {
      webRtcServer,
      enableUdp: true,
      enableTcp: true,
      preferUdp: true,
      enableSctp: true,
      maxReceiveMessageSize: 262_144,
      initialAvailableOutgoingBitrate: 1_000_000,
    };
    const transports = await Promise.all([
      router.createWebRtcTransport(options),
      router.createWebRtcTransport(options),
    ]);
    return () => transports.map((transport) => transport.close());
  };
}

type Core = { router: types.Router; webRtcServer: types.WebRtcServer };

async function openCore(workerBin: string): Promise<Core> {
  const worker = await createWorker({ workerBin, logLevel: "error" });
  // Addresses as the media node's: each is a candidate of every transport.
  const listenInfos = localAddresses().flatMap(({ ip }) =>
    (["udp", "tcp"] as const).map((protocol) => ({ protocol, ip, portRange: { min: 40_000, max: 49_999 } })),
  );
  const webRtcServer = await worker.createWebRtcServer({ listenInfos });
  const codecs = mediaCodecs(DEFAULT_CODEC_POLICY) as types.RouterRtpCodecCapability[];
  return { webRtcServer, router: await worker.createRouter({ mediaCodecs: codecs }) };
}

/** Answers every message with the same text: what the way to any WebSocket server costs. */
async function openSocketServer(reply: string): Promise<string> {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  server.on("connection", (socket) => socket.on("message", () => socket.send(reply)));
  await new Promise((resolve) => server.once("listening", resolve));
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
