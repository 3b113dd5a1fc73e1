import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { HlsPlayer } from "./hls-player.ts";
import { Player } from "./player.tsx";
import { useElementSound } from "./use-element-sound.ts";
import { WatchHeader } from "./watch-header.tsx";
import { posterOf, type WatchState } from "./watch-state.ts";
import { BROADCAST_STATES } from "./whep-view.tsx";

type Props = {
  player: HlsPlayer;
  title: string;
  /** What stands where the picture will be while there is no HLS. */
  waiting: Extract<WatchState, "waiting" | "unplayable">;
  /** There is none either. */
  onNone?: () => void;
};

const LOOK_EVERY_MS = 1_000;
const NONE_AFTER_MS = 20_000;

/** A viewer by HLS, some seconds later than by WebRTC. */
export function HlsView({ player, title, waiting, onNone }: Props) {
  const state = useSyncExternalStore(player.subscribe, player.getState);
  const video = useRef<HTMLVideoElement>(null);
  const { isMuted, isHeldBack, mute, play } = useElementSound(video);
  useEffect(() => {
    const element = video.current;
    if (!element) return;
    element.addEventListener("canplay", play);
    void player.run(element);
    return () => element.removeEventListener("canplay", play);
  }, [player, play]);
  const hasNone = state === "waiting" || state === "connecting";
  useEffect(() => {
    if (!hasNone || !onNone) return;
    const timer = setTimeout(onNone, NONE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [hasNone, onNone]);
  return (
    <main className="watch" aria-label="Broadcast">
      <WatchHeader title={title} state={BROADCAST_STATES[state]} viewers={null} />
      <Player
        poster={posterOf(state === "waiting" ? waiting : state, null)}
        isHeldBack={isHeldBack}
        onHear={() => mute(false)}
        isMuted={isMuted}
        onMute={mute}
        controls={state === "live" && <HlsControls player={player} />}
      >
        {/* biome-ignore lint/a11y/useMediaCaption: live sound, of which nobody has captions */}
        <video ref={video} className="is-whole" playsInline />
      </Player>
    </main>
  );
}

/** How far behind the picture is, and in which size it comes. */
function HlsControls({ player }: { player: HlsPlayer }) {
  const [, look] = useState(0);
  const [chosen, setChosen] = useState("");
  useEffect(() => {
    const timer = setInterval(() => look((count) => count + 1), LOOK_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  const latencyMs = player.engine?.latencyMs() ?? null;
  const heights = player.engine?.heights() ?? [];
  const choose = (value: string) => {
    setChosen(value);
    player.engine?.choose(value === "" ? null : Number(value));
  };
  return (
    <>
      {latencyMs !== null && (
        <span className="latency" title="By HLS: WebRTC would be quicker, and does not come through here">
          {(latencyMs / 1_000).toFixed(1)} s behind
        </span>
      )}
      {heights.length > 1 && (
        <select
          className="quality-select"
          aria-label="Quality"
          value={chosen}
          onChange={(event) => choose(event.target.value)}
        >
          <option value="">Auto</option>
          {heights.map((height) => (
            <option key={height} value={height}>
              {height}p
            </option>
          ))}
        </select>
      )}
    </>
  );
}
