import { type RefObject, useCallback, useEffect, useState } from "react";

export type ElementSound = {
  isMuted: boolean;
  /** The browser holds the sound back until the viewer clicks. */
  isHeldBack: boolean;
  mute: (isMuted: boolean) => void;
  /** Plays what the element has. */
  play: () => void;
};

/** The sound of an element that has picture and sound. */
export function useElementSound(video: RefObject<HTMLVideoElement | null>): ElementSound {
  const [isMuted, setIsMuted] = useState(false);
  const [isHeldBack, setIsHeldBack] = useState(false);
  useEffect(() => {
    if (video.current) video.current.muted = isMuted;
  }, [video, isMuted]);
  const play = useCallback(() => {
    const element = video.current;
    element?.play().catch((error: Error) => {
      if (error.name !== "NotAllowedError") return;
      // Without its sound the browser shows the picture.
      setIsHeldBack(true);
      setIsMuted(true);
      element.muted = true;
      void element.play().catch(() => {});
    });
  }, [video]);
  const mute = (next: boolean) => {
    setIsHeldBack(false);
    setIsMuted(next);
  };
  return { isMuted, isHeldBack, mute, play };
}
