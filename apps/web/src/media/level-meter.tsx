import { useRef } from "react";
import { useMicrophoneLevel } from "./use-microphone-level.ts";

export function LevelMeter({ track }: { track: MediaStreamTrack | undefined }) {
  const meter = useRef<HTMLDivElement>(null);
  useMicrophoneLevel(track, meter);
  return (
    // biome-ignore lint/a11y/useSemanticElements: `<meter>` can't be styled alike in all browsers
    <div
      ref={meter}
      className="level-meter"
      role="meter"
      aria-label="Microphone level"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={0}
    />
  );
}
