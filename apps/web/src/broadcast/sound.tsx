import type { RemoteTrack } from "@fairlead/client";
import { useEffect, useRef } from "react";

type Props = { track: RemoteTrack; isMuted: boolean };

/** Plays one track. It stands apart from the picture, which a browser shows where it holds sound back. */
export function Sound({ track, isMuted }: Props) {
  const audio = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const element = audio.current;
    if (!element) return;
    track.attach(element);
    return () => void track.detach(element);
  }, [track]);
  useEffect(() => {
    if (audio.current) audio.current.muted = isMuted;
  }, [isMuted]);
  // biome-ignore lint/a11y/useMediaCaption: live sound, of which nobody has captions
  return <audio ref={audio} autoPlay />;
}
