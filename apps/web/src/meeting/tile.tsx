import type { CSSProperties } from "react";
import { Icon } from "../ui/icon.tsx";
import { isolate } from "../ui/isolate.ts";
import { Avatar } from "./avatar.tsx";
import { QualityBars } from "./quality-bars.tsx";
import type { PeerView } from "./room-view.ts";
import { Video } from "./video.tsx";

type Props = { peer: PeerView; style?: CSSProperties };

export const nameOf = (peer: PeerView): string => (peer.isSelf ? `${peer.name} (you)` : peer.name);

export function PeerTile({ peer, style }: Props) {
  return (
    <figure
      className={peer.isSpeaking ? "tile is-speaking" : "tile"}
      aria-label={isolate(nameOf(peer))}
      style={style}
    >
      {peer.camera ? <Video track={peer.camera} isMirrored={peer.isSelf} /> : <Avatar name={peer.name} />}
      {peer.isAway && <p className="tile__away">Connection lost</p>}
      <figcaption className="tile__tag">
        {!peer.isMicrophoneOn && (
          <span
            className="tile__muted"
            role="img"
            aria-label="Microphone is muted"
            title="Microphone is muted"
          >
            <Icon name="microphone-off" />
          </span>
        )}
        <bdi className="tile__name">{nameOf(peer)}</bdi>
        <QualityBars quality={peer.quality} />
      </figcaption>
    </figure>
  );
}

export function ScreenTile({ peer, style }: Props) {
  if (!peer.screen) return null;
  return (
    <figure className="tile tile--screen" aria-label={`Screen of ${isolate(peer.name)}`} style={style}>
      <Video track={peer.screen} isWhole />
      <figcaption className="tile__tag">
        <Icon name="screen" />
        <span className="tile__name">
          Screen of <bdi>{peer.name}</bdi>
        </span>
      </figcaption>
    </figure>
  );
}
