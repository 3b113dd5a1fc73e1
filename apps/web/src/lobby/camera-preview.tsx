import { useEffect, useRef } from "react";
import { LevelMeter } from "../media/level-meter.tsx";
import type { CaptureKind } from "../media/media-problem.ts";
import type { Capture, Captures } from "../media/preview.ts";
import { Avatar } from "../meeting/avatar.tsx";
import { useShortcuts } from "../meeting/use-shortcuts.ts";
import { IconButton } from "../ui/icon-button.tsx";

type Props = { captures: Captures; name: string; onToggle: (kind: CaptureKind, isOn: boolean) => void };

export function CameraPreview({ captures, name, onToggle }: Props) {
  const { camera, microphone } = captures;
  const toggleMicrophone = () => onToggle("microphone", !isActive(microphone));
  const toggleCamera = () => onToggle("camera", !isActive(camera));
  useShortcuts({ m: toggleMicrophone, v: toggleCamera });
  return (
    <div className="preview">
      {camera.state === "on" ? <MirroredVideo track={camera.track} /> : <Avatar name={name} />}
      <p className="preview__state" aria-live="polite">
        {cameraText(camera)}
      </p>
      <div className="preview__controls">
        <IconButton
          icon={isActive(microphone) ? "microphone" : "microphone-off"}
          label={isActive(microphone) ? "Mute microphone" : "Unmute microphone"}
          shortcut="M"
          tone={isActive(microphone) ? "plain" : "off"}
          onClick={toggleMicrophone}
        />
        <IconButton
          icon={isActive(camera) ? "camera" : "camera-off"}
          label={isActive(camera) ? "Stop camera" : "Start camera"}
          shortcut="V"
          tone={isActive(camera) ? "plain" : "off"}
          onClick={toggleCamera}
        />
        <LevelMeter track={microphone.state === "on" ? microphone.track : undefined} />
      </div>
    </div>
  );
}

const isActive = (capture: Capture) => capture.state === "on" || capture.state === "starting";

function cameraText(camera: Capture): string {
  if (camera.state === "starting") return "Starting the camera… Allow it if the browser asks.";
  return camera.state === "on" ? "" : "Camera is off";
}

function MirroredVideo({ track }: { track: MediaStreamTrack }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const element = video.current;
    if (element) element.srcObject = new MediaStream([track]);
    return () => {
      if (element) element.srcObject = null;
    };
  }, [track]);
  return <video ref={video} className="is-mirrored" aria-label="Camera preview" autoPlay muted playsInline />;
}
