import { useEffect, useRef } from "react";
import type { Attachable, PeerView } from "./room-view.ts";

type Props = { peers: PeerView[]; speakerId: string };

/** Plays everybody else, whether or not a tile shows them. */
export function Sounds({ peers, speakerId }: Props) {
  return peers.flatMap((peer) =>
    peer.sounds.map(({ key, track }) => <Sound key={key} track={track} speakerId={speakerId} />),
  );
}

type Sinkable = HTMLAudioElement & { setSinkId?: (deviceId: string) => Promise<void> };

function Sound({ track, speakerId }: { track: Attachable; speakerId: string }) {
  const audio = useRef<HTMLAudioElement>(null);
  useEffect(() => {
    const element = audio.current;
    if (!element) return;
    track.attach(element);
    return () => track.detach(element);
  }, [track]);
  useEffect(() => {
    const element: Sinkable | null = audio.current;
    // A speaker that is gone: the default one plays on.
    element?.setSinkId?.(speakerId).catch(() => undefined);
  }, [speakerId]);
  // biome-ignore lint/a11y/useMediaCaption: live speech, of which nobody has captions
  return <audio ref={audio} autoPlay />;
}
