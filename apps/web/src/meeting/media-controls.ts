import type { Room } from "@fairlead/client";
import type { DeviceChoices } from "../media/device-fields.tsx";
import type { CaptureKind } from "../media/media-problem.ts";
import { captureConstraints, type Wanted } from "../media/preview.ts";

/** Tracks that the lobby opened already. */
export type StartTracks = Partial<Record<CaptureKind, MediaStreamTrack>>;

/**
 * Publishes the microphone, or unmutes the one that is published: that is quicker, and the device stays open.
 * @throws {DOMException} of `getUserMedia`; {FairleadError} `muted_by_moderator`, `grant_missing`.
 */
export async function startMicrophone(
  room: Room,
  devices: DeviceChoices,
  track?: MediaStreamTrack,
): Promise<void> {
  const published = room.local.get("microphone");
  if (published) return await published.unmute();
  await room.publishMicrophone(
    track
      ? { track, stopTrack: true }
      : { constraints: deviceConstraints({ microphone: devices.microphoneId }) },
  );
}

export async function stopMicrophone(room: Room): Promise<void> {
  await room.local.get("microphone")?.mute();
}

/** Opens the camera again if it is published and stopped. @throws As `startMicrophone`. */
export async function startCamera(
  room: Room,
  devices: DeviceChoices,
  track?: MediaStreamTrack,
): Promise<void> {
  const published = room.local.get("camera");
  if (published) return await published.unmute();
  await room.publishCamera(
    track
      ? { track, stopTrack: true, stopOnMute: true }
      : { constraints: deviceConstraints({ camera: devices.cameraId }) },
  );
}

/** The SDK closes a muted camera: its light goes out. */
export async function stopCamera(room: Room): Promise<void> {
  await room.local.get("camera")?.mute();
}

/** Of one kind. The id is a wish: without the saved device, another one serves. */
function deviceConstraints(wanted: Wanted): MediaTrackConstraints {
  const { audio, video } = captureConstraints(wanted);
  return [audio, video].find((constraints) => typeof constraints === "object") ?? {};
}

/**
 * A live track goes on with the device; a stopped camera takes it when it starts again. An empty id is the system's default.
 * @throws As `startMicrophone`.
 */
export async function switchDevice(room: Room, kind: CaptureKind, deviceId: string): Promise<void> {
  await room.local.get(kind)?.switchDevice(deviceId);
}

/** @throws As `publishScreen`, but for a person who chose nothing after all. */
export async function startScreen(room: Room): Promise<void> {
  try {
    await room.publishScreen();
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "NotAllowedError")) throw error;
  }
}

export async function stopScreen(room: Room): Promise<void> {
  await Promise.all([room.unpublish("screen"), room.unpublish("screen_audio")]);
}
