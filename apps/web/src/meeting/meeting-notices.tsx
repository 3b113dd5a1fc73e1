import { MediaNotice } from "../media/media-notice.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import type { MediaControls } from "./use-media-controls.ts";

/** Failures of one's own devices, until the device works or the person closes the notice. */
export function MeetingNotices({ media, isLocked }: { media: MediaControls; isLocked: boolean }) {
  const hasProblem = Object.values(media.problems).some(Boolean);
  const refusal = media.refusal ?? (isLocked ? "A moderator muted you. Others can't hear you." : undefined);
  if (!hasProblem && !refusal) return null;
  return (
    <div className="notice-stack">
      {refusal && (
        <p role="alert" className="notice notice--error">
          {refusal}
        </p>
      )}
      <MediaNotice
        problems={media.problems}
        onRetry={(kinds) => {
          if (kinds.includes("microphone")) media.setMicrophone(true);
          if (kinds.includes("camera")) media.setCamera(true);
        }}
      />
      {(hasProblem || media.refusal) && (
        <IconButton icon="close" label="Close notice" onClick={media.dismiss} />
      )}
    </div>
  );
}
