import { getUserMedia } from "../media/browser-media.ts";
import type { DeviceChoices } from "../media/device-fields.tsx";
import { captureConstraints } from "../media/preview.ts";

/** `sdk`: as a peer, which follows the broadcast without a gap when it moves. `whip`: as any encoder does. */
export type BroadcastWay = "sdk" | "whip";
export type PictureSource = "camera" | "screen";

/** What this page sends. A screen comes with the microphone, and with its own sound where the browser and the person share it. */
export type Capture = {
  source: PictureSource;
  picture: MediaStreamTrack;
  microphone: MediaStreamTrack | undefined;
  screenSound: MediaStreamTrack | undefined;
};

/** @param devices Wishes: without one of them another serves. @throws {DOMException} Of the browser: `NotAllowedError`, `NotFoundError`, … Nothing stays open then. */
export async function capture(
  source: PictureSource,
  { cameraId, microphoneId }: Pick<DeviceChoices, "cameraId" | "microphoneId">,
): Promise<Capture> {
  if (source === "camera") {
    const stream = await getUserMedia(captureConstraints({ camera: cameraId, microphone: microphoneId }));
    return { source, ...tracksOf(stream), screenSound: undefined };
  }
  const screen = await navigator.mediaDevices.getDisplayMedia({
    video: { frameRate: { ideal: 30 } },
    audio: true,
  });
  const { picture, microphone: screenSound } = tracksOf(screen);
  // A screen without a voice is a broadcast too.
  const voice = await getUserMedia(captureConstraints({ microphone: microphoneId })).catch(() => undefined);
  return { source, picture, microphone: voice?.getAudioTracks()[0], screenSound };
}

export function tracksIn({ picture, microphone, screenSound }: Capture): MediaStreamTrack[] {
  return [picture, microphone, screenSound].filter((track) => track !== undefined);
}

function tracksOf(stream: MediaStream): Pick<Capture, "picture" | "microphone"> {
  const [picture] = stream.getVideoTracks();
  if (!picture) throw new DOMException("no picture", "NotFoundError");
  return { picture, microphone: stream.getAudioTracks()[0] };
}
