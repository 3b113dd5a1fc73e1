import type { Room } from "@fairlead/client";
import { useCallback, useMemo, useState } from "react";
import { pictureOffered, programOf } from "../broadcast/program.ts";
import { StateBadge } from "../broadcast/state-badge.tsx";
import { useRoomFacts } from "../broadcast/use-room-facts.ts";
import { ViewerCount } from "../broadcast/viewer-count.tsx";
import { endBroadcast, type Studio, type StudioRight } from "../demo/broadcasts.ts";
import { refusalText } from "../demo/refusal-text.ts";
import { useFocusAtStart } from "../ui/use-focus-at-start.ts";
import { EncoderPanel } from "./encoder-panel.tsx";
import { EndButton } from "./end-button.tsx";
import { HealthPanel } from "./health-panel.tsx";
import { IngestPanel } from "./ingest-panel.tsx";
import { SendControls } from "./send-controls.tsx";
import { SettingsPanel } from "./settings-panel.tsx";
import { SourceDevices } from "./source-devices.tsx";
import { StudioPreview } from "./studio-preview.tsx";
import { useHealth } from "./use-health.ts";
import { useIngest } from "./use-ingest.ts";
import { useSending } from "./use-sending.ts";
import { ViewerChart } from "./viewer-chart.tsx";
import { ViewersLink } from "./viewers-link.tsx";

type Props = { right: StudioRight; studio: Studio; room: Room; streamKey: string | undefined };

/** Runs one broadcast. */
export function StudioDesk({ right, studio, room, streamKey: shownKey }: Props) {
  const [streamKey, setStreamKey] = useState(shownKey);
  const [settings, setSettings] = useState(studio.settings);
  const main = useFocusAtStart<HTMLElement>();
  const facts = useRoomFacts(room, (now) => ({
    broadcast: now.broadcast,
    viewers: now.viewerCount,
    connection: now.connectionState,
    isComing: programOf(now).picture !== undefined,
    offered: pictureOffered(now),
  }));
  const state = facts.broadcast?.state;
  const { sending, start, stop } = useSending({ right, whipUrl: studio.whipUrl, streamKey });
  const own = sending.state === "off" ? undefined : sending.capture;
  const sender = sending.state === "on" ? sending.sender : undefined;
  const health = useHealth(...useStatsSource(sender, room, facts.isComing));
  const ingest = useIngest(right);
  const end = async () => {
    const answer = await endBroadcast(right);
    return answer.state === "granted" ? undefined : refusalText(answer);
  };
  return (
    <main ref={main} tabIndex={-1} className="studio" aria-label="Studio">
      <header className="top-bar">
        <h1 className="top-bar__room">{facts.broadcast?.title ?? settings.title}</h1>
        <StateBadge state={state} />
        <span className="top-bar__count">
          <ViewerCount viewers={facts.viewers} />
        </span>
        <EndButton onEnd={end} />
      </header>
      <div className="studio__stage">
        <StudioPreview room={room} own={own} />
        <SendControls sending={sending} canWhip={streamKey !== undefined} onStart={start} onStop={stop} />
        {sending.state === "off" && <SourceDevices permissionKey={state ?? ""} />}
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
        <EncoderPanel right={right} studio={studio} streamKey={streamKey} onNewKey={setStreamKey} />
      </div>
      <div className="studio__side">
        <ViewersLink broadcastId={right.broadcastId} pass={settings.pass} />
        {!sender && <IngestPanel ingest={ingest} state={state} mimeType={facts.offered?.mimeType} />}
        <ViewerChart viewers={facts.viewers} />
        <HealthPanel health={health} direction={sender ? "sent" : "received"} />
        <SettingsPanel right={right} settings={settings} onChanged={setSettings} />
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
