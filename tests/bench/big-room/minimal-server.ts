import type { AddressInfo } from "node:net";
import { localAddresses } from "@fairlead/media-node";
import { provideWorker } from "@fairlead/mediasoup-worker";
import { DEFAULT_CODEC_POLICY, mediaCodecs } from "@fairlead/protocol";
import { createWorker, type types } from "mediasoup";
import { type WebSocket, WebSocketServer } from "ws";
import { answerParent } from "../processes/ask-child.ts";

/**
 * The least that a server of one room does: mediasoup's two transports for each peer, who is there for the newcomer, and one
 * message to each other peer. No tickets, no resume, no validation, no log.
 */
export type MinimalTasks = { open: { input: null; output: { url: string; workerPid: number } } };

type Peer = { peerId: string; identity: string; name: string; joinedAtMs: number };

const TRANSPORT = { enableUdp: true, enableTcp: true, preferUdp: true, enableSctp: true } as const;

answerParent({ open });

async function open(): Promise<MinimalTasks["open"]["output"]> {
  const worker = await createWorker({ workerBin: (await provideWorker()).bin, logLevel: "error" });
  const webRtcServer = await worker.createWebRtcServer({ listenInfos: listenInfos() });
  const codecs = mediaCodecs(DEFAULT_CODEC_POLICY) as types.RouterRtpCodecCapability[];
  const router = await worker.createRouter({ mediaCodecs: codecs });
  const room = new Map<WebSocket, Peer>();
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, perMessageDeflate: false });
  server.on("connection", (socket) => {
    socket.on("message", (data) => {
      const message = JSON.parse(String(data));
      if (message.type === "join") void join({ router, webRtcServer, room, socket });
      if (message.type === "ping") socket.send('{"type":"pong"}');
      if (message.type === "command") leave(room, socket);
    });
    socket.on("close", () => leave(room, socket));
  });
  await new Promise((resolve) => server.once("listening", resolve));
  return { url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`, workerPid: worker.pid };
}

type Joining = {
  router: types.Router;
  webRtcServer: types.WebRtcServer;
  room: Map<WebSocket, Peer>;
  socket: WebSocket;
};

async function join({ router, webRtcServer, room, socket }: Joining): Promise<void> {
  const transports = await Promise.all(
    [1, 2].map(() => router.createWebRtcTransport({ ...TRANSPORT, webRtcServer })),
  );
  socket.once("close", () => transports.map((transport) => transport.close()));
  const offers = transports.map(({ id, iceParameters, iceCandidates, dtlsParameters, sctpParameters }) => ({
    id,
    iceParameters,
    iceCandidates,
    dtlsParameters,
    sctpParameters,
  }));
  const identity = crypto.randomUUID();
  const peer = { peerId: crypto.randomUUID(), identity, name: identity, joinedAtMs: Date.now() };
  const text = JSON.stringify({ type: "peer.joined", peer });
  for (const other of room.keys()) other.send(text);
  socket.send(JSON.stringify({ type: "joined", position: "1:0", offers, peers: [...room.values()] }));
  room.set(socket, peer);
}

function leave(room: Map<WebSocket, Peer>, socket: WebSocket): void {
  const peer = room.get(socket);
  if (!peer) return;
  room.delete(socket);
  const text = JSON.stringify({ type: "peer.left", peerId: peer.peerId });
  for (const other of room.keys()) other.send(text);
  socket.send('{"type":"reply"}');
}

/** Addresses as the media node's: each is a candidate of every transport. */
function listenInfos(): types.TransportListenInfo[] {
  return localAddresses().flatMap(({ ip }) =>
    (["udp", "tcp"] as const).map((protocol) => ({ protocol, ip, portRange: { min: 40_000, max: 49_999 } })),
  );
}
