import { IconButton } from "../ui/icon-button.tsx";
import type { OpenPanel } from "./open-panel.ts";
import { PanelButton } from "./panel-button.tsx";

type Props = {
  roomId: string;
  peerCount: number;
  openPanel: OpenPanel;
  onTogglePanel: (panel: Exclude<OpenPanel, null>) => void;
  onInvite: () => void;
};

export function TopBar({ roomId, peerCount, openPanel, onTogglePanel, onInvite }: Props) {
  return (
    <header className="top-bar">
      <h1 className="top-bar__room">{roomId}</h1>
      <span className="top-bar__count">{peerCount === 1 ? "only you" : `${peerCount} people`}</span>
      <IconButton icon="link" label="Copy invitation link" caption="Copy invitation" onClick={onInvite} />
      <PanelButton panel="devices" icon="settings" openPanel={openPanel} onToggle={onTogglePanel} />
    </header>
  );
}
