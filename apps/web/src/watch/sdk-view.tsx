import type { Room } from "@fairlead/client";
import { useEffect, useState } from "react";
import { programOf, unplayableCodec } from "../broadcast/program.ts";
import { Sound } from "../broadcast/sound.tsx";
import { useRoomFacts } from "../broadcast/use-room-facts.ts";
import { Video } from "../meeting/video.tsx";
import { Player } from "./player.tsx";
import { QualitySelect } from "./quality-select.tsx";
import { useNoMedia } from "./use-no-media.ts";
import { WatchHeader } from "./watch-header.tsx";
import { connectionText, posterOf, watchStateOf } from "./watch-state.ts";

/** Why WebRTC brings no picture: the browser lacks its codec, or the network lets nothing through. */
export type NoPicture = "codec" | "network";

type Props = { room: Room; title: string; onNoPicture: (why: NoPicture) => void };

/** A viewer of the SDK: it hears the state and the count, and follows the broadcast wherever it moves. */
export function SdkView({ room, title, onNoPicture }: Props) {
  const [isMuted, setIsMuted] = useState(false);
  const facts = useRoomFacts(room, (now) => ({
    ...programOf(now),
    isUnplayable: unplayableCodec(now) !== undefined,
    broadcast: now.broadcast,
    viewers: now.viewerCount,
    canPlayAudio: now.canPlayAudio,
    connection: now.connectionState,
  }));
  const { broadcast, picture, sounds } = facts;
  const hasMedia = picture !== undefined || sounds.length > 0;
  const state = watchStateOf(broadcast, { hasMedia, isUnplayable: facts.isUnplayable });
  const isAudible = sounds.some((track) => !track.isMuted);
  useNoMedia(room, state === "live" && (picture !== undefined || isAudible), () => onNoPicture("network"));
  // biome-ignore lint/correctness/useExhaustiveDependencies: told once
  useEffect(() => {
    if (state === "unplayable") onNoPicture("codec");
  }, [state]);
  return (
    <main className="watch" aria-label="Broadcast">
      <WatchHeader title={broadcast?.title ?? title} state={broadcast?.state} viewers={facts.viewers} />
      <Player
        poster={posterOf(state, broadcast?.startsAtMs ?? null)}
        isHeldBack={!facts.canPlayAudio}
        onHear={() => void room.startPlayback()}
        isMuted={isMuted}
        onMute={setIsMuted}
        controls={picture && <QualitySelect track={picture} />}
      >
        {picture && <Video track={picture} isWhole />}
      </Player>
      <p role="status" className="watch__connection">
        {connectionText(facts.connection)}
      </p>
      {sounds.map((track) => (
        <Sound key={`${track.peer.peerId} ${track.source}`} track={track} isMuted={isMuted} />
      ))}
    </main>
  );
}
