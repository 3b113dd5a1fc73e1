import { environmentProblem, type MediaProblem, mediaProblemOf } from "./media-problem.ts";

/** `navigator.mediaDevices` is undefined on insecure origins, whatever the DOM types say. */
export function mediaDevices(): MediaDevices | undefined {
  return navigator.mediaDevices as MediaDevices | undefined;
}

/** @throws {DOMException} as `getUserMedia`; {TypeError} where the browser has none. */
export async function getUserMedia(constraints: MediaStreamConstraints): Promise<MediaStream> {
  const devices = mediaDevices();
  if (!devices) throw new TypeError("no media devices here");
  return await devices.getUserMedia(constraints);
}

/** @returns The meaning on this page of an `error` from opening a device. */
export function problemOfBrowser(error: unknown): MediaProblem {
  const { isSecureContext } = window;
  return environmentProblem({ isSecureContext, hasMediaDevices: !!mediaDevices() }) ?? mediaProblemOf(error);
}

export const canShareScreen = (): boolean => typeof mediaDevices()?.getDisplayMedia === "function";

export const canChooseSpeaker = (): boolean => "setSinkId" in HTMLMediaElement.prototype;
