import {
  type CommandInput,
  DEFAULT_CODEC_POLICY,
  mediaCodecs,
  type TransportOffer,
} from "@fairlead/protocol";
import type * as z from "zod";
import { capacityExample } from "./capacity-example.ts";
import type { named } from "./components.ts";

type Examples = { [Name in keyof typeof named]: z.input<(typeof named)[Name]> };

const EPOCH = 1_800_000_000_000;
const TICKET =
  "eyJhbGciOiJFZERTQSIsInR5cCI6ImZhaXJsZWFkLXRpY2tldCtqd3QifQ.eyJzdWIiOiJ1c2VyLTQyIn0.c2lnbmF0dXJl";
const PEER = "WqC3uY0Jm2vJ8Q1bT5kZrA";
const PRODUCER = "0f2f7c1e-6a0b-4f6e-9a54-2f2d3a1f0c11";

const grants = {
  publish: ["microphone" as const, "camera" as const],
  subscribe: true,
  data: true,
  moderate: false,
};
const options = {
  maxPeers: 20,
  duplicateIdentity: "replace" as const,
  emptyTimeoutMs: 30_000,
  kind: "meeting" as const,
  region: "eu",
  labels: ["gpu"],
};
const core = { nodeId: "node-1", core: 2 };
const room = {
  roomId: "standup",
  createdAtMs: EPOCH,
  options,
  placement: { ...core, incarnation: "b3WqH0yq4m", epoch: EPOCH },
  decision: { reason: "least_loaded" as const, atMs: EPOCH, candidates: [{ ...core, load: 0.12 }] },
};
const node = {
  nodeId: "node-1",
  incarnation: "b3WqH0yq4m",
  state: "ready" as const,
  busConnected: true,
  region: "eu",
  labels: ["gpu"],
  version: "0.1.0",
  kind: "media",
  networkLoad: 0.1,
  lastBeatMs: EPOCH,
  capacity: { maxPeers: null, networkBps: 1_000_000_000 },
  cores: [
    {
      core: 2,
      cpuLoad: 0.12,
      debit: 0.02,
      load: 0.14,
      usable: true,
      rooms: 1,
      peers: 3,
      consumers: 12,
    },
  ],
};
const transport = (id: string): TransportOffer => ({
  id,
  iceParameters: { usernameFragment: "u8v2", password: "k3p9x0", iceLite: true },
  iceCandidates: [
    { foundation: "udpcandidate", ip: "192.0.2.1", port: 40_002, priority: 1, protocol: "udp", type: "host" },
  ],
  dtlsParameters: { role: "auto", fingerprints: [{ algorithm: "sha-256", value: "7B:8E:…" }] },
});
const pause: CommandInput<"producer.pause"> = { producerId: PRODUCER };

const settings = {
  title: "Product launch",
  visibility: "public" as const,
  startsAtMs: EPOCH + 600_000,
  endsAtMs: null,
  maxViewers: null,
  graceMs: 30_000,
};
const listedBroadcast = {
  ...settings,
  broadcastId: "launch",
  state: "live" as const,
  run: EPOCH,
  createdAtMs: EPOCH,
  startedAtMs: EPOCH + 600_500,
  interruptedAtMs: null,
  endedAtMs: null,
  peakViewers: 230,
  urls: {
    whip: "https://signaling.example.org/v1/broadcasts/launch/whip",
    whep: "https://signaling.example.org/v1/broadcasts/launch/whep",
  },
};
const broadcast = {
  ...listedBroadcast,
  viewers: 212,
  publisher: { kind: "whip", sinceMs: EPOCH + 590_000 },
};

const KEYS = {
  cryptoSuite: "AES_CM_128_HMAC_SHA1_80",
  mediaKey: "zDv8Zk2uWm0Q7fJt3kQ2xWm5rYzLA0b3WqH0yq4m",
  feedbackKey: "Jt3kQ2xWm5rYzLA0b3WqH0yq4mzDv8Zk2uWm0Q7f",
};
const ingestTrack = {
  ...{ source: "camera" as const, codec: "h264", address: "192.0.2.1", port: 43_010, rtcpPort: 43_011 },
  ...{ payloadType: 96, ssrc: 305_419_896 },
};
const ingest = {
  ...{ ingestId: "q8Vb7Jt3kQ2xWm5rYzLA0b", kind: "rtp", peerId: PEER, encrypted: true, createdAtMs: EPOCH },
  ...{ mediaAtMs: EPOCH + 900, tracks: [ingestTrack] },
};
const egressTrack = {
  ...{ source: "camera" as const, kind: "video" as const, producerId: PRODUCER },
  ...{ port: 5_004, rtcpPort: 5_005 },
  ...{ payloadType: 101, ssrc: 2_596_069_104 },
};
const egress = {
  ...{ egressId: "b3WqH0yq4m7Jt3kQ2xWm5r", kind: "rtp", peerId: PEER, encrypted: true, createdAtMs: EPOCH },
  ...{ endsAtMs: EPOCH + 86_400_000, receiverAddress: "10.0.0.9", tracks: [egressTrack] },
};
const TRACK_SDP = [
  ...["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=Fairlead", "c=IN IP4 10.0.0.9", "t=0 0"],
  ...["m=video 5004 RTP/SAVPF 101", "a=rtcp:5005", "a=rtpmap:101 VP8/90000"],
  ...[`a=crypto:1 ${KEYS.cryptoSuite} inline:${KEYS.mediaKey}`, "a=sendonly", ""],
].join("\r\n");

/** One of each body, by the name of its schema. */
export const EXAMPLES: Examples = {
  Broadcast: broadcast,
  BroadcastPage: { broadcasts: [listedBroadcast], cursor: "launch" },
  BroadcastWithKey: { ...broadcast, streamKey: `launch.${"7Jt3kQ2xWm5rYzLA".repeat(3).slice(0, 43)}` },
  Capabilities: {
    version: "5f1d0c3a",
    routerRtpCapabilities: { codecs: mediaCodecs(DEFAULT_CODEC_POLICY).slice(0, 1), headerExtensions: [] },
  },
  CapacityAnswer: capacityExample,
  ChangeBroadcast: { title: "Product launch, again", maxViewers: 500 },
  CreateBroadcast: { ...settings, broadcastId: "launch" },
  CreateEgress: { kind: "rtp", peerId: PEER, receiverAddress: "10.0.0.9", receiverPort: 5_004, ttlS: 86_400 },
  CreateIngest: {
    kind: "rtp",
    tracks: [
      { source: "camera", codec: "h264" },
      { source: "microphone", codec: "opus" },
    ],
    name: "Stage camera",
  },
  DrainAnswer: { nodeId: "node-1", state: "draining", rooms: 1 },
  Egress: egress,
  EgressList: { egresses: [egress] },
  EgressWithSdp: { ...egress, tracks: [{ ...egressTrack, sdp: TRACK_SDP, srtp: KEYS }] },
  ErrorAnswer: { error: { code: "room_not_found", message: "room not found" } },
  Ingest: ingest,
  IngestList: { ingests: [ingest] },
  IngestWithKeys: { ...ingest, mediaAtMs: null, tracks: [{ ...ingestTrack, srtp: KEYS }] },
  JoinRequest: {
    protocolVersion: 1,
    joinId: "4b0cT1yZk0S5Jm2vJ8Q1bT",
    ticket: TICKET,
    capabilitiesVersion: "5f1d0c3a",
    rtpCapabilities: { codecs: [], headerExtensions: [] },
  },
  MuteRequest: { source: "microphone", muted: true },
  NodePage: { nodes: [node], cursor: "node-1 b3WqH0yq4m" },
  NodeStatus: node,
  OpenedSession: {
    sessionId: "n0q8Vb7Jt3kQ2xWm5rYzLA",
    peerId: PEER,
    joinedAtMs: EPOCH,
    roomId: "standup",
    epoch: EPOCH,
    connection: 1,
    position: `${EPOCH}:0`,
    grants,
    graceMs: 15_000,
    sessionTicket: TICKET,
    sendTransport: transport("5b7c8d10-5a51-4b4c-8a8f-3b8f5f0d2a01"),
    receiveTransport: transport("5b7c8d10-5a51-4b4c-8a8f-3b8f5f0d2a02"),
    iceServers: [
      { urls: ["turn:turn.example.org:3478"], username: `${EPOCH / 1_000}:${PEER}`, credential: "…" },
    ],
  },
  PeerPage: {
    peers: [
      {
        peerId: PEER,
        identity: "user-42",
        name: "Ada",
        metadata: "",
        joinedAtMs: EPOCH,
        grants,
        connected: true,
        producers: [
          {
            producerId: PRODUCER,
            peerId: PEER,
            kind: "audio",
            source: "microphone",
            paused: false,
            muted: false,
            mimeType: "audio/opus",
          },
        ],
      },
    ],
    cursor: PEER,
  },
  ReclaimAnswer: { reclaimed: 2, unreachable: [] },
  ReclaimRequest: { nodeId: "node-1" },
  RemoveRequest: { reason: "spam", ban: true },
  RoomDetail: { ...room, peers: 3, producers: 6, consumers: 12, viewers: 0 },
  RoomOptions: options,
  RoomPage: { rooms: [room], cursor: "standup" },
  RoomSummary: room,
  RotateKey: { keepOldKey: false },
  SessionFrames: {
    frames: [
      { type: "command", id: 7, settledBelow: 7, name: "producer.pause", data: pause },
      { type: "ack", position: `${EPOCH}:12` },
      { type: "ping" },
    ],
  },
  SessionReplies: { frames: [{ type: "reply", id: 7, ok: true, data: {} }, { type: "pong" }] },
  SurplusListing: {
    surplus: [{ ...core, id: PRODUCER, kind: "producer", owner: null, sinceMs: EPOCH }],
    processes: [{ nodeId: "live-1", id: "ffmpeg-4711", pid: 4_711, sinceMs: EPOCH }],
    unreachable: [],
    cursor: "node-1 b3WqH0yq4m",
  },
  TicketAnswer: { ticket: TICKET, url: "https://signaling.example.org", expiresAt: EPOCH / 1_000 + 600 },
  TicketRequest: { identity: "user-42", name: "Ada", grants, ttlS: 600 },
  JwkSet: {
    keys: [
      {
        kty: "OKP",
        crv: "Ed25519",
        x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
        kid: "2026-11",
        alg: "EdDSA",
        use: "sig",
      },
    ],
  },
  Health: { status: "ok" },
  Readiness: { status: "ok", registry: "ok" },
};

/** A message of the stream of events. */
export const EVENT_EXAMPLE = {
  type: "event" as const,
  position: `${EPOCH}:8`,
  event: { name: "producer.closed" as const, data: { producerId: PRODUCER } },
};

type ParameterText = { description: string; example: string | number };

/** By their names, which mean the same wherever they are. */
export const PARAMETERS: Record<string, ParameterText> = {
  broadcast: { description: "The broadcast's id, which is its room's too.", example: "launch" },
  ticket: { description: "A viewer's, where no bearer token can be sent.", example: TICKET },
  state: { description: "As `readBroadcast` says it.", example: "live" },
  room: { description: "The app's name of the room.", example: "standup" },
  identity: {
    description: "The app's name for the person behind a peer: the ticket's `sub`.",
    example: "user-42",
  },
  ingest: { description: "Of `openIngest`.", example: "q8Vb7Jt3kQ2xWm5rYzLA0b" },
  egress: { description: "Of `openEgress`.", example: "b3WqH0yq4m7Jt3kQ2xWm5r" },
  peer: { description: "Of `listPeers`, or of the client's `peer.peerId`.", example: PEER },
  incarnation: {
    description: "Of the node that opened the session: a part of `Location`.",
    example: "b3WqH0yq4m",
  },
  "if-match": { description: "The session's ETag; `*` to restart ICE.", example: '"q8Vb7Jt3kQ2xWm5rYzLA"' },
  session: {
    description: "Of `openSession`; of WHIP and WHEP the end of `Location`.",
    example: "n0q8Vb7Jt3kQ2xWm5rYzLA",
  },
  node: { description: "A node's id.", example: "node-1" },
  by: { description: "The name of the program that asks; none for an operator.", example: "autoscaler" },
  limit: { description: "How many to a page, at most.", example: 50 },
  group: { description: "Only this group of nodes.", example: "eu-west+gpu" },
  cursor: { description: "Of the page before.", example: "standup" },
  takesSeveral: {
    description: "Whether a message may hold several events, as a frame of the type `events`.",
    example: "true",
  },
  "last-event-id": {
    description: "The last event that the client applied; at first the session's `position`.",
    example: `${EPOCH}:7`,
  },
};
