import type { ResourceOwner } from "@fairlead/protocol";
import type { types } from "mediasoup";

export type SpeakerObservers = { levels: types.AudioLevelObserver; speaker: types.ActiveSpeakerObserver };

/** How often levels are told, ms. */
const LEVELS_INTERVAL_MS = 500;
/** Quieter than this is silence, dBov. */
const SILENCE_DBOV = -60;
const LOUDEST = 8;

/** Observe the audio levels and the dominant speaker of a router's microphones. */
export async function openObservers(router: types.Router, owner: ResourceOwner): Promise<SpeakerObservers> {
  const [levels, speaker] = await Promise.all([
    router.createAudioLevelObserver({
      maxEntries: LOUDEST,
      threshold: SILENCE_DBOV,
      interval: LEVELS_INTERVAL_MS,
      appData: { owner },
    }),
    router.createActiveSpeakerObserver({ appData: { owner } }),
  ]);
  return { levels, speaker };
}
