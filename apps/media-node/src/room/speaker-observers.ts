import type { ResourceOwner } from "@fairlead/protocol";
import type { types } from "mediasoup";
import type { Room } from "./room.ts";

/** How often levels are told, ms. */
const LEVELS_INTERVAL_MS = 500;
/** Quieter than this is silence, dBov. */
const SILENCE_DBOV = -60;
const LOUDEST = 8;

/** Audio levels and the dominant speaker of a room's microphones. */
export async function openObservers(router: types.Router, owner: ResourceOwner) {
  const [levels, speaker] = await Promise.all([
    router.createAudioLevelObserver({
      maxEntries: LOUDEST,
      threshold: SILENCE_DBOV,
      interval: LEVELS_INTERVAL_MS,
      appData: { owner },
    }),
    router.createActiveSpeakerObserver({ appData: { owner } }),
  ]);
  return { observers: { levels, speaker }, listen: (room: Room) => listen(room, levels, speaker) };
}

function listen(room: Room, levels: types.AudioLevelObserver, speaker: types.ActiveSpeakerObserver): void {
  levels.on("volumes", (volumes) => {
    const heard = volumes.map(({ producer, volume }) => ({ peerId: peerIdOf(producer), volumeDbov: volume }));
    room.broadcastTransient({ name: "audio.levels", data: { levels: heard } });
    // The dominant one may have fallen silent and spoken again without another coming between.
    if (room.speakerId === null && heard[0]) room.setSpeaker(heard[0].peerId);
  });
  levels.on("silence", () => {
    room.broadcastTransient({ name: "audio.levels", data: { levels: [] } });
    room.setSpeaker(null);
  });
  speaker.on("dominantspeaker", ({ producer }) => room.setSpeaker(peerIdOf(producer)));
}

function peerIdOf(producer: types.Producer): string {
  return String(producer.appData.peerId);
}
