import type { ErrorCode } from "@fairlead/client";
import { useState } from "react";
import { useDemoInfo } from "./demo/use-demo-info.ts";
import { enterRoom, type JoinChoice, type JoinedRoom } from "./enter-room.ts";
import { Lobby } from "./lobby/lobby.tsx";
import { EndScreen } from "./meeting/end-screen.tsx";
import type { StartTracks } from "./meeting/media-controls.ts";
import { Meeting } from "./meeting/meeting.tsx";

type Screen =
  | { screen: "lobby"; notice?: string }
  | { screen: "meeting"; choice: JoinChoice; joined: JoinedRoom; start: StartTracks }
  | { screen: "ended"; choice: JoinChoice; code: ErrorCode; message: string };

export function App() {
  const [screen, setScreen] = useState<Screen>({ screen: "lobby" });
  const info = useDemoInfo();

  /** @returns Why there is no meeting; undefined when there is one. */
  const join = async (choice: JoinChoice, takeTracks: () => StartTracks): Promise<string | undefined> => {
    let start: StartTracks = {};
    const outcome = await enterRoom(choice, (end) => {
      // The room may end before the meeting is shown and publishes them.
      for (const track of Object.values(start)) track.stop();
      setScreen({ screen: "ended", choice, ...end });
    });
    if (outcome.state === "refused") return outcome.reason;
    rememberInAddress(choice.roomId);
    start = takeTracks();
    setScreen({ screen: "meeting", choice, joined: outcome.joined, start });
    return undefined;
  };

  switch (screen.screen) {
    case "lobby":
      return <Lobby notice={screen.notice} onJoin={join} />;
    case "meeting":
      return (
        <Meeting
          key={screen.joined.joinedAtMs}
          room={screen.joined.room}
          choice={screen.choice}
          start={screen.start}
          info={info}
          onLeft={() => setScreen({ screen: "lobby", notice: "You left the meeting." })}
        />
      );
    case "ended":
      return (
        <EndScreen
          code={screen.code}
          message={screen.message}
          onJoinAgain={() => join(screen.choice, () => ({}))}
          onBack={() => setScreen({ screen: "lobby" })}
        />
      );
  }
}

/** A reload, or the address sent to somebody, leads to the same room. */
function rememberInAddress(roomId: string): void {
  const address = new URL(window.location.href);
  address.searchParams.set("room", roomId);
  window.history.replaceState(null, "", address);
}
