import { useEffect } from "react";
import type { StudioRight } from "../demo/broadcasts.ts";
import { useFocusAtStart } from "../ui/use-focus-at-start.ts";
import { forgetOwnBroadcast } from "./own-broadcasts.ts";
import { StudioDesk } from "./studio-desk.tsx";
import { type StudioState, useStudio } from "./use-studio.ts";

type Props = { right: StudioRight; streamKey: string | undefined; onClose: () => void };

export function StudioEntrance({ right, streamKey, onClose }: Props) {
  const { studio, again } = useStudio(right);
  if (studio.state === "open")
    return <StudioDesk right={right} studio={studio.studio} room={studio.room} streamKey={streamKey} />;
  if (studio.state === "closed")
    return <ClosedStudio closed={studio} broadcastId={right.broadcastId} onAgain={again} onClose={onClose} />;
  return (
    <main className="end card">
      <p role="status">Opening the studio…</p>
    </main>
  );
}

type ClosedProps = {
  closed: Extract<StudioState, { state: "closed" }>;
  broadcastId: string;
  onAgain: () => void;
  onClose: () => void;
};

function ClosedStudio({ closed, broadcastId, onAgain, onClose }: ClosedProps) {
  const main = useFocusAtStart<HTMLElement>();
  useEffect(() => {
    if (closed.isGone) forgetOwnBroadcast(() => window.localStorage, broadcastId);
  }, [closed, broadcastId]);
  return (
    <main ref={main} tabIndex={-1} className="end card">
      <div role="alert">
        <h1>{closed.title}</h1>
        <p>{closed.advice}</p>
      </div>
      <div className="end__actions">
        {!closed.isGone && (
          <button type="button" className="button button--primary" onClick={onAgain}>
            Try again
          </button>
        )}
        <button type="button" className="button" onClick={onClose}>
          New broadcast
        </button>
      </div>
    </main>
  );
}
