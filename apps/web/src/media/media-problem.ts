/** Why a camera or microphone could not be had. */
export type MediaProblem =
  | "insecure"
  | "unsupported"
  | "denied"
  | "missing"
  | "busy"
  | "unplugged"
  | "unknown";

export type CaptureKind = "camera" | "microphone";
export const CAPTURE_KINDS: readonly CaptureKind[] = ["camera", "microphone"];

/** Names that `getUserMedia` rejects with (Media Capture and Streams § 10.2); old names of Chromium and Firefox too. */
const PROBLEM_OF_ERROR: Record<string, MediaProblem> = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  PermissionDeniedError: "denied",
  NotFoundError: "missing",
  DevicesNotFoundError: "missing",
  OverconstrainedError: "missing",
  NotReadableError: "busy",
  TrackStartError: "busy",
  AbortError: "busy",
};

export function mediaProblemOf(error: unknown): MediaProblem {
  return (error instanceof Error && PROBLEM_OF_ERROR[error.name]) || "unknown";
}

/**
 * Browsers hide `navigator.mediaDevices` from pages that came over plain HTTP from another computer.
 * @returns The problem that is known before a device is opened.
 */
export function environmentProblem(environment: {
  isSecureContext: boolean;
  hasMediaDevices: boolean;
}): MediaProblem | undefined {
  if (!environment.isSecureContext) return "insecure";
  return environment.hasMediaDevices ? undefined : "unsupported";
}
