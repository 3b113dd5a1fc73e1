import type { BroadcastState } from "@fairlead/client";
import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { Player } from "./player.tsx";
import { WatchHeader } from "./watch-header.tsx";
import { posterOf } from "./watch-state.ts";
import type { WhepPlayer, WhepState } from "./whep-player.ts";

type Props = { player: WhepPlayer; title: string };

const STATES: Record<WhepState, BroadcastState | undefined> = {
  connecting: undefined,
  waiting: "created",
  live: "live",
  interrupted: "interrupted",
};

/** A viewer by WHEP, which tells neither how many watch nor in which sizes the picture comes. */
export function WhepView({ player, title }: Props) {
  const state = useSyncExternalStore(player.subscribe, player.getState);
  const stream = useSyncExternalStore(player.subscribe, player.getStream);
  const [isMuted, setIsMuted] = useState(false);
  const [isHeldBack, setIsHeldBack] = useState(false);
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (!element || !stream) return;
    element.srcObject = stream;
    element.play().catch((error: Error) => {
      if (error.name !== "NotAllowedError") return;
      // Without its sound the browser shows the picture.
      setIsHeldBack(true);
      setIsMuted(true);
      element.muted = true;
      void element.play().catch(() => {});
    });
  }, [stream]);
  useEffect(() => {
    if (video.current) video.current.muted = isMuted;
  }, [isMuted]);
  const mute = (next: boolean) => {
    setIsHeldBack(false);
    setIsMuted(next);
  };
  return (
    <main className="watch" aria-label="Broadcast">
      <WatchHeader title={title} state={STATES[state]} viewers={null} />
      <Player
        poster={posterOf(state, null)}
        isHeldBack={isHeldBack}
        onHear={() => mute(false)}
        isMuted={isMuted}
        onMute={mute}
      >
        {/* biome-ignore lint/a11y/useMediaCaption: live sound, of which nobody has captions */}
        <video ref={video} className="is-whole" autoPlay playsInline />
      </Player>
    </main>
  );
}
