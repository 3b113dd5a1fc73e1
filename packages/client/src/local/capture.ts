import type { DeviceChoice, ScreenOptions } from "../api/options.ts";

const MICROPHONE: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};
const CAMERA: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30 },
};

/** @throws {DOMException} Of `getUserMedia`. */
export async function captureDevice(
  source: "microphone" | "camera",
  { deviceId, constraints }: DeviceChoice,
): Promise<MediaStreamTrack> {
  const wanted: MediaTrackConstraints = {
    ...(source === "microphone" ? MICROPHONE : CAMERA),
    ...constraints,
    ...(deviceId ? { deviceId: { exact: deviceId } } : {}),
  };
  const stream = await navigator.mediaDevices.getUserMedia(
    source === "microphone" ? { audio: wanted } : { video: wanted },
  );
  const [track] = stream.getTracks();
  if (!track) throw new DOMException("no track came", "NotFoundError");
  return track;
}

/** @returns The video, and the sound where the browser offers it and the user shares it. */
export async function captureScreen({
  audio = true,
  frameRate = 15,
}: ScreenOptions): Promise<MediaStreamTrack[]> {
  const stream = await navigator.mediaDevices.getDisplayMedia({
    video: { frameRate: { ideal: frameRate } },
    // Processing meant for voices spoils shared music.
    audio: audio && { echoCancellation: false, noiseSuppression: false, autoGainControl: false },
  });
  // Text must stay sharp: fewer frames rather than fewer pixels.
  for (const track of stream.getVideoTracks()) track.contentHint = "detail";
  return [...stream.getVideoTracks(), ...stream.getAudioTracks()];
}
