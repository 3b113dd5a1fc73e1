import { type JoinOptions, joinRoom, type Room } from "@fairlead/client";
import { RecordedDevices } from "./recorded-devices.ts";

/** All that one peer's SDK has told its app so far. */
export type PeerFacts = {
  state: string;
  /** Epochs of the moves that it heard of. */
  moves: number[];
  /** The code of `room.ended`. */
  ended: string | null;
  /** Identities that it sees besides its own, sorted. */
  others: string[];
  transport: Room["signalingTransport"];
  /** Every change of an other's track, in order: was it muted? */
  mutes: boolean[];
  /** Names of all events about peers, tracks and moves, in order. */
  heard: string[];
  /** How many tracks of others have media at present. */
  tracks: number;
  quality: Room["quality"];
};

/** How the page's peers join. */
export type JoinChoice = Pick<JoinOptions, "iceTransportPolicy">;

export type EnterChoice = Pick<
  JoinOptions,
  "autoSubscribe" | "pauseInvisibleVideo" | "iceTransportPolicy" | "transport"
>;

declare global {
  interface Window {
    sdk: {
      join(url: string, tickets: string[], choice?: JoinChoice): Promise<void>;
      /** Joins one peer that publishes nothing by itself. */
      enter(url: string, ticket: string, choice?: EnterChoice): Promise<void>;
      /** In the order in which they were joined: for a test that does as an app does. */
      rooms(): Room[];
      devices: RecordedDevices;
      facts(): PeerFacts[];
      /** How many WebSockets the page has opened so far. */
      sockets(): number;
      leave(): Promise<void>;
    };
  }
}

/** Small enough for one machine to encode and decode several times. */
const CAMERA = { width: 160, height: 120, frameRate: 10 };

const devices = new RecordedDevices(navigator.mediaDevices);

let sockets = 0;
window.WebSocket = class extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols);
    sockets += 1;
  }
};

type Peer = { room: Room; moves: number[]; ended: string | null; mutes: boolean[]; heard: string[] };

const HEARD = [
  "peer.joined",
  "peer.left",
  "track.published",
  "track.unpublished",
  "track.subscribed",
  "track.unsubscribed",
  "room.moved",
  "room.ended",
] as const;

const peers: Peer[] = [];

/** One peer for each ticket, all in this page, each with a camera and a microphone. */
async function join(url: string, tickets: string[], choice: JoinChoice = {}): Promise<void> {
  const media = await navigator.mediaDevices.getUserMedia({ video: CAMERA, audio: true });
  await Promise.all(tickets.map((ticket) => joinOne({ url, ticket, ...choice }, media)));
}

async function joinOne(options: JoinOptions, media: MediaStream): Promise<void> {
  const room = await enterOne(options);
  const [video, audio] = [...media.getVideoTracks(), ...media.getAudioTracks()].map((track) => track.clone());
  if (!video || !audio) throw new Error("no camera or microphone");
  await room.publishTrack(video, "camera", { simulcast: false });
  await room.publishTrack(audio, "microphone");
}

async function enterOne(options: JoinOptions): Promise<Room> {
  const room = await joinRoom({ pauseInvisibleVideo: false, ...options });
  const peer: Peer = { room, moves: [], ended: null, mutes: [], heard: [] };
  peers.push(peer);
  room.on("room.moved", ({ epoch }) => void peer.moves.push(epoch));
  room.on("room.ended", ({ code }) => {
    peer.ended = code;
  });
  for (const name of HEARD) room.on(name, () => void peer.heard.push(name));
  room.on("track.muted", () => void peer.mutes.push(true));
  room.on("track.unmuted", () => void peer.mutes.push(false));
  // Chromium decodes no track that nobody plays.
  room.on("track.subscribed", ({ track }) => void track.attach().play());
  return room;
}

function liveTracks({ peers }: Room): number {
  const tracks = [...peers.values()].flatMap((peer) => [...peer.tracks.values()]);
  return tracks.filter(({ mediaStreamTrack }) => mediaStreamTrack.readyState === "live").length;
}

window.sdk = {
  join,
  enter: async (url, ticket, choice) => void (await enterOne({ url, ticket, ...choice })),
  rooms: () => peers.map(({ room }) => room),
  devices,
  facts: () =>
    peers.map(({ room, moves, ended, mutes, heard }) => ({
      state: room.connectionState,
      moves: [...moves],
      ended,
      mutes: [...mutes],
      heard: [...heard],
      tracks: liveTracks(room),
      quality: room.quality,
      transport: room.signalingTransport,
      others: [...room.peers.values()].map(({ identity }) => identity).sort(),
    })),
  sockets: () => sockets,
  leave: async () => {
    await Promise.all(peers.splice(0).map(({ room }) => room.leave()));
  },
};
