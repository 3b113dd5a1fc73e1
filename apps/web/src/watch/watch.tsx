import { useEffect, useState } from "react";
import { BY_WHEP } from "./by-whep.ts";
import { EndCard } from "./end-card.tsx";
import { Player } from "./player.tsx";
import { SdkView } from "./sdk-view.tsx";
import { BY_SDK, type Entrance, useViewing, type Viewing } from "./use-viewing.ts";
import { WatchHeader } from "./watch-header.tsx";
import { posterOf } from "./watch-state.ts";
import { WhepView } from "./whep-view.tsx";

type Place = { broadcastId: string; pass: string };

/** The viewers' page: `/watch/{broadcast}`, with `?via=whep` by WHEP, and with the pass of a private broadcast in the fragment. */
export function Watch({ broadcastId }: { broadcastId: string }) {
  const [place] = useState<Place>(() => ({ broadcastId, pass: window.location.hash.slice(1) }));
  const [isWhep] = useState(() => new URLSearchParams(window.location.search).get("via") === "whep");
  return isWhep ? <WatchByWhep place={place} /> : <WatchBySdk place={place} />;
}

function WatchBySdk({ place }: { place: Place }) {
  return (
    <Entered place={place} entrance={BY_SDK}>
      {({ by, seat }) => <SdkView room={by} title={seat.title} />}
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
};

function Entered<T>({ place, entrance, children }: EnteredProps<T>) {
  const { viewing, again } = useViewing(place, entrance);
  const title = viewing.state === "watching" ? viewing.seat.title : "";
  useEffect(() => {
    if (title) document.title = `${title} – Fairlead`;
  }, [title]);
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
