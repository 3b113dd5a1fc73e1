import { useState } from "react";
import { canShareScreen } from "../media/browser-media.ts";
import type { BroadcastWay } from "./capture.ts";
import { MicrophoneToggle } from "./microphone-toggle.tsx";
import type { Sending, SendWish } from "./use-sending.ts";

type Props = {
  sending: Sending;
  /** WHIP needs the stream key, which this page may not know. */
  canWhip: boolean;
  onStart: (wish: SendWish) => void;
  onStop: () => void;
};

/** Buttons to send from this page. */
export function SendControls({ sending, canWhip, onStart, onStop }: Props) {
  const [chosen, setChosen] = useState<BroadcastWay>("sdk");
  const way = canWhip ? chosen : "sdk";
  if (sending.state === "on")
    return (
      <div className="send-controls">
        <button type="button" className="button button--danger" onClick={onStop}>
          Stop sending
        </button>
        {sending.capture.microphone && (
          <MicrophoneToggle key={sending.capture.microphone.id} track={sending.capture.microphone} />
        )}
      </div>
    );
  const isStarting = sending.state === "starting";
  return (
    <div className="send-controls">
      <button
        type="button"
        className="button button--primary"
        disabled={isStarting}
        onClick={() => onStart({ source: "camera", way })}
      >
        {isStarting ? "Starting…" : "Go live with the camera"}
      </button>
      {canShareScreen() && (
        <button
          type="button"
          className="button"
          disabled={isStarting}
          onClick={() => onStart({ source: "screen", way })}
        >
          Share a screen
        </button>
      )}
      <label
        className="send-controls__way"
        title={canWhip ? undefined : "It needs the stream key: make a new one"}
      >
        Send by
        <select
          value={way}
          disabled={isStarting || !canWhip}
          onChange={(event) => setChosen(event.target.value === "whip" ? "whip" : "sdk")}
        >
          <option value="sdk">SDK</option>
          <option value="whip">WHIP</option>
        </select>
      </label>
    </div>
  );
}
