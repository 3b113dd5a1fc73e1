import { joinRoom, type Room } from "@fairlead/client";

export type Moved = { peer: number; atMs: number };

declare global {
  interface Window {
    joinPeers: typeof joinPeers;
    /** @returns How many peers are in the room and have a live camera track of each other one. */
    countWhole: () => number;
    /** When each peer's SDK told that its room moved, ms since 1970. */
    moved: Moved[];
  }
}

/** Small enough for one machine to encode ten times and decode ninety times. */
const CAMERA = { width: 160, height: 120, frameRate: 10 };

const rooms: Room[] = [];
window.moved = [];
window.joinPeers = joinPeers;
window.countWhole = () => rooms.filter(isWhole).length;

/** Joins once for each ticket, all in this page, each with a camera of its own. */
async function joinPeers(url: string, tickets: string[]): Promise<void> {
  const camera = await navigator.mediaDevices.getUserMedia({ video: CAMERA });
  const [track] = camera.getVideoTracks();
  if (!track) throw new Error("no camera");
  await Promise.all(tickets.map((ticket, peer) => joinOne(url, ticket, track.clone(), peer)));
}

async function joinOne(url: string, ticket: string, track: MediaStreamTrack, peer: number): Promise<Room> {
  const room = await joinRoom({ url, ticket, pauseInvisibleVideo: false });
  room.on("room.moved", () => {
    window.moved.push({ peer, atMs: performance.timeOrigin + performance.now() });
  });
  rooms.push(room);
  await room.publishTrack(track, "camera", { simulcast: false });
  return room;
}

function isWhole(room: Room): boolean {
  const cameras = [...room.peers.values()].flatMap(({ tracks }) => tracks.get("camera") ?? []);
  const live = cameras.filter(
    ({ mediaStreamTrack: { readyState, muted } }) => readyState === "live" && !muted,
  );
  return room.connectionState === "connected" && live.length === rooms.length - 1;
}
