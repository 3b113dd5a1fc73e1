import type { Room } from "@fairlead/client";
import { useCallback, useMemo, useState } from "react";
import { programOf } from "../broadcast/program.ts";
import { StateBadge } from "../broadcast/state-badge.tsx";
import { useRoomFacts } from "../broadcast/use-room-facts.ts";
import { ViewerCount } from "../broadcast/viewer-count.tsx";
import { endBroadcast, type Studio, type StudioRight } from "../demo/broadcasts.ts";
import { refusalText } from "../demo/refusal-text.ts";
import { useDemoInfo } from "../demo/use-demo-info.ts";
import { viewerLinkOf } from "../demo/viewer-link.ts";
import { HTTPS_COMMAND } from "../media/problem-text.ts";
import { CopyField } from "../ui/copy-field.tsx";
import { useFocusAtStart } from "../ui/use-focus-at-start.ts";
import { EncoderPanel } from "./encoder-panel.tsx";
import { EndButton } from "./end-button.tsx";
import { HealthPanel } from "./health-panel.tsx";
import { SendControls } from "./send-controls.tsx";
import { SourceDevices } from "./source-devices.tsx";
import { StudioPreview } from "./studio-preview.tsx";
import { useHealth } from "./use-health.ts";
import { useSending } from "./use-sending.ts";
import { ViewerChart } from "./viewer-chart.tsx";

type Props = { right: StudioRight; studio: Studio; room: Room; streamKey: string | undefined };

/** Runs one broadcast. */
export function StudioDesk({ right, studio, room, streamKey: shownKey }: Props) {
  const [streamKey, setStreamKey] = useState(shownKey);
  const info = useDemoInfo();
  const main = useFocusAtStart<HTMLElement>();
  const facts = useRoomFacts(room, (now) => ({
    broadcast: now.broadcast,
    viewers: now.viewerCount,
    connection: now.connectionState,
    isComing: programOf(now).picture !== undefined,
  }));
  const { sending, start, stop } = useSending({ right, whipUrl: studio.whipUrl, streamKey });
  const own = sending.state === "off" ? undefined : sending.capture;
  const sender = sending.state === "on" ? sending.sender : undefined;
  const health = useHealth(...useStatsSource(sender, room, facts.isComing));
  const link = viewerLinkOf(
    window.location.href,
    { broadcastId: right.broadcastId, pass: studio.pass },
    info,
  );
  const end = async () => {
    const answer = await endBroadcast(right);
    return answer.state === "granted" ? undefined : refusalText(answer);
  };
  return (
    <main ref={main} tabIndex={-1} className="studio" aria-label="Studio">
      <header className="top-bar">
        <h1 className="top-bar__room">{facts.broadcast?.title ?? studio.title}</h1>
        <StateBadge state={facts.broadcast?.state} />
        <span className="top-bar__count">
          <ViewerCount viewers={facts.viewers} />
        </span>
        <EndButton onEnd={end} />
      </header>
      <div className="studio__stage">
        <StudioPreview room={room} own={own} />
        <SendControls sending={sending} canWhip={streamKey !== undefined} onStart={start} onStop={stop} />
        {sending.state === "off" && <SourceDevices permissionKey={facts.broadcast?.state ?? ""} />}
        {sending.state === "off" && sending.problem && (
          <p role="alert" className="notice notice--error">
            {sending.problem}
          </p>
        )}
        {facts.connection === "reconnecting" && (
          <p role="status" className="banner banner--warning">
            Reconnecting…
          </p>
        )}
        <EncoderPanel right={right} whipUrl={studio.whipUrl} streamKey={streamKey} onNewKey={setStreamKey} />
      </div>
      <div className="studio__side">
        <section className="card" aria-labelledby="link">
          <h2 id="link">For your viewers</h2>
          <CopyField
            label="Viewers' link"
            value={link.url}
            hint={
              link.reach === "this_computer"
                ? `It works on this computer only: for others, start the server with “${HTTPS_COMMAND}”.`
                : undefined
            }
          />
        </section>
        <ViewerChart viewers={facts.viewers} />
        <HealthPanel health={health} direction={sender ? "sent" : "received"} />
      </div>
    </main>
  );
}

type StatsSource = Parameters<typeof useHealth>;

/** What this page sends, or else what it receives. */
function useStatsSource(
  sender: { getStats(): Promise<RTCStatsReport> } | undefined,
  room: Room,
  isComing: boolean,
): StatsSource {
  const sent = useMemo(() => sender && (() => sender.getStats()), [sender]);
  const received = useCallback(async () => (await room.getStats()).receive, [room]);
  if (sent) return [sent, "sent"];
  return [isComing ? received : undefined, "received"];
}
