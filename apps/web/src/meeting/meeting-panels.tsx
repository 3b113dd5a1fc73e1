import type { Room } from "@fairlead/client";
import { ChatPanel } from "../chat/chat-panel.tsx";
import type { Chat } from "../chat/use-chat.ts";
import type { DeviceChoices } from "../media/device-fields.tsx";
import { PeoplePanel } from "../people/people-panel.tsx";
import type { Moderation } from "../people/use-moderation.ts";
import { SettingsPanel } from "../settings/settings-panel.tsx";
import { type OpenPanel, panelId } from "./open-panel.ts";
import type { RoomView } from "./room-view.ts";

type Props = {
  openPanel: OpenPanel;
  room: Room;
  moderation: Moderation;
  view: RoomView;
  chat: Chat;
  choices: DeviceChoices;
  onChoose: (change: Partial<DeviceChoices>) => void;
  onClose: () => void;
};

export function MeetingPanels({
  openPanel,
  room,
  moderation,
  view,
  chat,
  choices,
  onChoose,
  onClose,
}: Props) {
  switch (openPanel) {
    case "chat":
      return <ChatPanel id={panelId("chat")} chat={chat} canSend={view.canChat} onClose={onClose} />;
    case "people":
      return <PeoplePanel id={panelId("people")} moderation={moderation} view={view} onClose={onClose} />;
    case "devices":
      return (
        <SettingsPanel
          id={panelId("devices")}
          choices={choices}
          permissionKey={[...room.local.keys()].join(" ")}
          onChange={onChoose}
          onClose={onClose}
        />
      );
    case null:
      return null;
  }
}
