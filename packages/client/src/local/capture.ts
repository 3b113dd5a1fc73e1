import type { DeviceChoice, ScreenOptions } from "../api/options.ts";

export type DeviceSource = "microphone" | "camera";

const MICROPHONE: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: true,
  autoGainControl: true,
};
const CAMERA = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30 },
} satisfies MediaTrackConstraints;

/**
 * @param lastDeviceId Taken again if the user chose no device and it is still there.
 * @throws {DOMException} Of `getUserMedia`.
 */
export async function captureDevice(
  source: DeviceSource,
  { deviceId, constraints }: Pick<DeviceChoice, "deviceId" | "constraints">,
  lastDeviceId?: string,
): Promise<MediaStreamTrack> {
  const wanted: MediaTrackConstraints = {
    ...(source === "microphone" ? MICROPHONE : CAMERA),
    ...(lastDeviceId && deviceId === undefined ? { deviceId: lastDeviceId } : {}),
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

/** @returns The size that a camera of these constraints probably has. */
export function expectedSize({ width, height }: MediaTrackConstraints = {}): {
  width: number;
  height: number;
} {
  return {
    width: pixels(width) ?? CAMERA.width.ideal,
    height: pixels(height) ?? CAMERA.height.ideal,
  };
}

function pixels(range: ConstrainULong | undefined): number | undefined {
  return typeof range === "object" ? (range.exact ?? range.ideal ?? range.max) : range;
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
