import { useState } from "react";
import { useShortcuts } from "../meeting/use-shortcuts.ts";
import { IconButton } from "../ui/icon-button.tsx";

/** Nothing of a microphone that is muted is sent, whichever way it goes. The device stays open. */
export function MicrophoneToggle({ track }: { track: MediaStreamTrack }) {
  const [isMuted, setIsMuted] = useState(!track.enabled);
  const toggle = () => {
    track.enabled = isMuted;
    setIsMuted(!isMuted);
  };
  useShortcuts({ m: toggle });
  return (
    <IconButton
      icon={isMuted ? "microphone-off" : "microphone"}
      label={isMuted ? "Unmute microphone" : "Mute microphone"}
      caption={isMuted ? "Unmute" : "Mute"}
      shortcut="M"
      tone={isMuted ? "off" : "plain"}
      onClick={toggle}
    />
  );
}
