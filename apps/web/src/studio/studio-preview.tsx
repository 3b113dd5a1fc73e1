import type { Room } from "@fairlead/client";
import { useEffect, useRef, useState } from "react";
import { programOf } from "../broadcast/program.ts";
import { Sound } from "../broadcast/sound.tsx";
import { useRoomFacts } from "../broadcast/use-room-facts.ts";
import { Video } from "../meeting/video.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import type { Capture } from "./capture.ts";

type Props = { room: Room; own: Capture | undefined };

/** The picture that this page sends, or else the one that another encoder sends. */
export function StudioPreview({ room, own }: Props) {
  return (
    <figure className="player studio__preview" aria-label="Preview">
      {own ? <OwnPicture capture={own} /> : <IncomingProgram room={room} />}
    </figure>
  );
}

function OwnPicture({ capture }: { capture: Capture }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current) video.current.srcObject = new MediaStream([capture.picture]);
  }, [capture]);
  const className = capture.source === "camera" ? "is-mirrored is-whole" : "is-whole";
  return <video ref={video} className={className} aria-label="Own picture" autoPlay muted playsInline />;
}

/** Silent at first: whoever sends sits beside this page, and would hear themselves. */
function IncomingProgram({ room }: { room: Room }) {
  const { picture, sounds } = useRoomFacts(room, programOf);
  const [isHeard, setIsHeard] = useState(false);
  return (
    <>
      {picture ? <Video track={picture} isWhole /> : <p className="studio__nothing">Nothing comes in</p>}
      {isHeard &&
        sounds.map((track) => (
          <Sound key={`${track.peer.peerId} ${track.source}`} track={track} isMuted={false} />
        ))}
      {sounds.length > 0 && (
        <div className="player__controls">
          <IconButton
            icon={isHeard ? "speaker" : "speaker-off"}
            label={isHeard ? "Stop listening" : "Listen"}
            onClick={() => setIsHeard(!isHeard)}
          />
        </div>
      )}
    </>
  );
}
