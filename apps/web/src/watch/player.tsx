import { type ReactNode, useRef } from "react";
import { useShortcuts } from "../meeting/use-shortcuts.ts";
import { IconButton } from "../ui/icon-button.tsx";
import { Poster } from "./poster.tsx";
import { useFullScreen } from "./use-full-screen.ts";
import type { PosterText } from "./watch-state.ts";

type Props = {
  /** The picture, if there is one. */
  children: ReactNode;
  poster: PosterText | undefined;
  /** The browser holds the sound back until the viewer clicks. */
  isHeldBack: boolean;
  onHear: () => void;
  isMuted: boolean;
  onMute: (isMuted: boolean) => void;
  /** More controls. */
  controls?: ReactNode;
};

/** The picture with its controls, the same whichever way it comes. */
export function Player({ children, poster, isHeldBack, onHear, isMuted, onMute, controls }: Props) {
  const figure = useRef<HTMLElement>(null);
  const fullScreen = useFullScreen(figure);
  useShortcuts({ m: () => onMute(!isMuted), f: fullScreen.toggle });
  return (
    <figure ref={figure} className="player" aria-label="Picture of the broadcast">
      {children}
      <Poster poster={poster} />
      {isHeldBack && (
        <button type="button" className="button button--primary player__hear" onClick={onHear}>
          Click to hear the sound
        </button>
      )}
      <div className="player__controls" role="toolbar" aria-label="Player controls">
        <IconButton
          icon={isMuted ? "speaker-off" : "speaker"}
          label={isMuted ? "Unmute" : "Mute"}
          shortcut="M"
          onClick={() => onMute(!isMuted)}
        />
        <span className="player__space" />
        {controls}
        {fullScreen.isPossible && (
          <IconButton
            icon="full-screen"
            label={fullScreen.isOn ? "Leave full screen" : "Full screen"}
            shortcut="F"
            onClick={fullScreen.toggle}
          />
        )}
      </div>
    </figure>
  );
}
