import { FairleadError, type Room } from "@fairlead/client";
import { useEffect, useRef, useState } from "react";
import { problemOfBrowser } from "../media/browser-media.ts";
import type { DeviceChoices } from "../media/device-fields.tsx";
import type { Problems } from "../media/media-notice.tsx";
import type { CaptureKind } from "../media/media-problem.ts";
import {
  type StartTracks,
  startCamera,
  startMicrophone,
  startScreen,
  stopCamera,
  stopMicrophone,
  stopScreen,
  switchDevice,
} from "./media-controls.ts";

export type MediaControls = {
  problems: Problems;
  /** A refusal of the server's, in words for people. */
  refusal: string | undefined;
  setMicrophone(isOn: boolean): void;
  setCamera(isOn: boolean): void;
  setScreen(isOn: boolean): void;
  switchDevices(change: Partial<DeviceChoices>): void;
  dismiss(): void;
};

export type Start = { tracks: StartTracks; isCameraOn: boolean; isMicrophoneOn: boolean };

/** Starts what the lobby chose, then does what the buttons say; keeps what went wrong for the page to show. */
export function useMediaControls(room: Room, devices: DeviceChoices, start: Start): MediaControls {
  const { problems, refusal, run, dismiss } = useActions();
  const chosen = useRef(devices);
  chosen.current = devices;
  const setMicrophone = (isOn: boolean, track?: MediaStreamTrack) =>
    void run("microphone", async () => {
      if (!isOn) return await stopMicrophone(room);
      await startMicrophone(room, devices, track);
      // Chosen while the other one was opening.
      const { microphoneId } = chosen.current;
      if (microphoneId !== devices.microphoneId) await switchDevice(room, "microphone", microphoneId);
    });
  const setCamera = (isOn: boolean, track?: MediaStreamTrack) =>
    void run("camera", async () => {
      if (!isOn) return await stopCamera(room);
      await startCamera(room, devices, track);
      const { cameraId } = chosen.current;
      if (cameraId !== devices.cameraId) await switchDevice(room, "camera", cameraId);
    });

  const isStarted = useRef(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once per room, whatever changes later
  useEffect(() => {
    if (isStarted.current) return;
    isStarted.current = true;
    const may = (source: CaptureKind) => room.grants.publish.includes(source);
    if (start.isMicrophoneOn && may("microphone")) setMicrophone(true, start.tracks.microphone);
    else start.tracks.microphone?.stop();
    if (start.isCameraOn && may("camera")) setCamera(true, start.tracks.camera);
    else start.tracks.camera?.stop();
  }, [room]);

  return {
    problems,
    refusal,
    setMicrophone: (isOn) => setMicrophone(isOn),
    setCamera: (isOn) => setCamera(isOn),
    setScreen: (isOn) => void run("screen", () => (isOn ? startScreen(room) : stopScreen(room))),
    switchDevices({ cameraId, microphoneId }) {
      if (cameraId !== undefined) void run("camera", () => switchDevice(room, "camera", cameraId));
      if (microphoneId !== undefined)
        void run("microphone", () => switchDevice(room, "microphone", microphoneId));
    },
    dismiss,
  };
}

/** Runs actions and keeps their failures. The SDK sees to it that the last of several at once wins. */
function useActions() {
  const [problems, setProblems] = useState<Problems>({});
  const [refusal, setRefusal] = useState<string>();

  const run = async (source: CaptureKind | "screen", action: () => Promise<void>) => {
    setProblems((before) => ({ ...before, [source]: undefined }));
    setRefusal(undefined);
    try {
      await action();
    } catch (error) {
      if (error instanceof FairleadError || source === "screen") setRefusal(refusalOf(error));
      else setProblems((before) => ({ ...before, [source]: problemOfBrowser(error) }));
    }
  };
  const dismiss = () => {
    setProblems({});
    setRefusal(undefined);
  };
  return { problems, refusal, run, dismiss };
}

function refusalOf(error: unknown): string {
  if (!(error instanceof FairleadError)) return "That did not work. Try again.";
  if (error.code === "muted_by_moderator") return "A moderator muted you. Ask to be unmuted.";
  return `The server refused: ${error.message}.`;
}
