import type { IconName } from "../ui/icon.tsx";
import { IconButton } from "../ui/icon-button.tsx";
import { type OpenPanel, panelId } from "./open-panel.ts";

type Panel = Exclude<OpenPanel, null>;

const LABELS: Record<Panel, string> = { chat: "Chat", people: "People", devices: "Devices" };

type Props = {
  panel: Panel;
  icon: IconName;
  openPanel: OpenPanel;
  onToggle: (panel: Panel) => void;
  /** Unread things behind it. */
  count?: number;
};

export function PanelButton({ panel, icon, openPanel, onToggle, count = 0 }: Props) {
  const isOpen = openPanel === panel;
  return (
    <IconButton
      icon={icon}
      label={LABELS[panel]}
      caption={LABELS[panel]}
      tone={isOpen ? "active" : "plain"}
      aria-expanded={isOpen}
      aria-controls={isOpen ? panelId(panel) : undefined}
      aria-description={count > 0 ? `${count} unread` : undefined}
      onClick={() => onToggle(panel)}
    >
      {count > 0 && (
        <span className="badge" aria-hidden="true">
          {count > 99 ? "99+" : count}
        </span>
      )}
    </IconButton>
  );
}
