import { useEffect, useRef } from "react";
import type { Attachable } from "./room-view.ts";

type Props = { track: Attachable; isMirrored?: boolean; isWhole?: boolean };

/** Sound is played apart (`sounds.tsx`), so that a tile may come and go without a gap in it. */
export function Video({ track, isMirrored = false, isWhole = false }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    track.attach(element);
    return () => track.detach(element);
  }, [track]);
  const classes = [isMirrored && "is-mirrored", isWhole && "is-whole"].filter(Boolean).join(" ");
  return <video ref={video} className={classes} autoPlay playsInline muted />;
}
