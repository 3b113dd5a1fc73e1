import { Playback } from "../remote/playback.ts";
import type { RemoteTrackContext } from "../remote/remote-media-track.ts";
import { Visibility } from "../remote/visibility.ts";
import { Wishes } from "../remote/wishes.ts";
import { TypedEmitter } from "../typed-emitter.ts";

/** Of remote tracks in a room that nobody answers for. */
export function makeTrackContext(): RemoteTrackContext {
  return {
    playback: new Playback(new TypedEmitter()),
    visibility: new Visibility(),
    wishes: new Wishes(),
    pauseInvisibleVideo: true,
    command: () => Promise.reject(new Error("not asked here")),
    wantedChanged: () => {},
  };
}
