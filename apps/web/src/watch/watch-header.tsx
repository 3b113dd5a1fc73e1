import type { BroadcastState } from "@fairlead/client";
import { StateBadge } from "../broadcast/state-badge.tsx";
import { ViewerCount } from "../broadcast/viewer-count.tsx";

type Props = { title: string; state: BroadcastState | undefined; viewers: number | null };

export function WatchHeader({ title, state, viewers }: Props) {
  return (
    <header className="top-bar">
      <h1 className="top-bar__room">{title || "Broadcast"}</h1>
      <StateBadge state={state} />
      <span className="top-bar__count" />
      <ViewerCount viewers={viewers} />
    </header>
  );
}
