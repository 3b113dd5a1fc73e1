import type { BroadcastState } from "@fairlead/client";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { Player } from "./player.tsx";
import { useElementSound } from "./use-element-sound.ts";
import { WatchHeader } from "./watch-header.tsx";
import { posterOf } from "./watch-state.ts";
import type { WhepPlayer, WhepState } from "./whep-player.ts";

type Props = { player: WhepPlayer; title: string };

/** Of players to whom nobody tells more. */
export const BROADCAST_STATES: Record<WhepState, BroadcastState | undefined> = {
  connecting: undefined,
  waiting: "created",
  live: "live",
  interrupted: "interrupted",
};

/** A viewer by WHEP, which tells neither how many watch nor in which sizes the picture comes. */
export function WhepView({ player, title }: Props) {
  const state = useSyncExternalStore(player.subscribe, player.getState);
  const stream = useSyncExternalStore(player.subscribe, player.getStream);
  const video = useRef<HTMLVideoElement>(null);
  const { isMuted, isHeldBack, mute, play } = useElementSound(video);
  useEffect(() => {
    if (!video.current || !stream) return;
    video.current.srcObject = stream;
    play();
  }, [stream, play]);
  return (
    <main className="watch" aria-label="Broadcast">
      <WatchHeader title={title} state={BROADCAST_STATES[state]} viewers={null} />
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
