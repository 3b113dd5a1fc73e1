import type { ErrorCode } from "@fairlead/client";
import { useCallback, useEffect, useState } from "react";
import { BY_HLS } from "./by-hls.ts";
import { BY_WHEP } from "./by-whep.ts";
import { EndCard } from "./end-card.tsx";
import { HlsView } from "./hls-view.tsx";
import { Player } from "./player.tsx";
import { type NoPicture, SdkView } from "./sdk-view.tsx";
import { BY_SDK, type Entrance, useViewing, type Viewing } from "./use-viewing.ts";
import { WatchHeader } from "./watch-header.tsx";
import { posterOf } from "./watch-state.ts";
import { WhepView } from "./whep-view.tsx";

type Place = { broadcastId: string; pass: string };

/** `why`: of the viewer's own choice, or because WebRTC brings no picture. */
type Way = { by: "sdk" } | { by: "whep" } | { by: "hls"; why: NoPicture | "choice" };

/** Refusals of a browser or server that can't do WebRTC now. */
const WITHOUT_WEBRTC: readonly ErrorCode[] = ["webrtc_unsupported", "no_capacity"];

/**
 * The viewers' page: `/watch/{broadcast}`, with the pass of a private broadcast in the fragment. By WebRTC, and by HLS where that brings no picture;
 * with `?via=whep` or `?via=hls` in that way alone.
 */
export function Watch({ broadcastId }: { broadcastId: string }) {
  const [place] = useState<Place>(() => ({ broadcastId, pass: window.location.hash.slice(1) }));
  const [way, setWay] = useState<Way>(askedWay);
  const fallBack = useCallback((why: NoPicture) => setWay({ by: "hls", why }), []);
  const goBack = useCallback(() => setWay({ by: "sdk" }), []);
  if (way.by === "whep") return <WatchByWhep place={place} />;
  if (way.by === "sdk") return <WatchBySdk place={place} onNoPicture={fallBack} />;
  return (
    <Entered key="hls" place={place} entrance={BY_HLS}>
      {({ by, seat }) => (
        <HlsView
          player={by}
          title={seat.title}
          waiting={way.why === "codec" ? "unplayable" : "waiting"}
          {...(way.why === "network" ? { onNone: goBack } : {})}
        />
      )}
    </Entered>
  );
}

function askedWay(): Way {
  const via = new URLSearchParams(window.location.search).get("via");
  if (via === "hls") return { by: "hls", why: "choice" };
  return { by: via === "whep" ? "whep" : "sdk" };
}

function WatchBySdk({ place, onNoPicture }: { place: Place; onNoPicture: (why: NoPicture) => void }) {
  const end = useCallback(
    (code: ErrorCode | undefined) => {
      if (code && WITHOUT_WEBRTC.includes(code)) onNoPicture("network");
    },
    [onNoPicture],
  );
  return (
    <Entered key="sdk" place={place} entrance={BY_SDK} onEnded={end}>
      {({ by, seat }) => <SdkView room={by} title={seat.title} onNoPicture={onNoPicture} />}
    </Entered>
  );
}

function WatchByWhep({ place }: { place: Place }) {
  return (
    <Entered place={place} entrance={BY_WHEP}>
      {({ by, seat }) => <WhepView player={by} title={seat.title} />}
    </Entered>
  );
}

type EnteredProps<T> = {
  place: Place;
  entrance: Entrance<T>;
  children: (watching: Extract<Viewing<T>, { state: "watching" }>) => React.ReactNode;
  onEnded?: (code: ErrorCode | undefined) => void;
};

function Entered<T>({ place, entrance, children, onEnded }: EnteredProps<T>) {
  const { viewing, again } = useViewing(place, entrance);
  const title = viewing.state === "watching" ? viewing.seat.title : "";
  useEffect(() => {
    if (title) document.title = `${title} – Fairlead`;
  }, [title]);
  useEffect(() => {
    if (viewing.state === "ended") onEnded?.(viewing.code);
  }, [viewing, onEnded]);
  if (viewing.state === "watching") return children(viewing);
  if (viewing.state === "ended")
    return <EndCard title={viewing.title} end={viewing.end} onTryAgain={again} />;
  return (
    <main className="watch" aria-label="Broadcast">
      <WatchHeader title="" state={undefined} viewers={null} />
      <Player
        poster={posterOf("connecting", null)}
        isHeldBack={false}
        onHear={() => {}}
        isMuted={false}
        onMute={() => {}}
      >
        {null}
      </Player>
    </main>
  );
}
