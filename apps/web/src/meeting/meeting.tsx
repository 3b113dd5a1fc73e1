import type { Room } from "@fairlead/client";
import { useState } from "react";
import { ChatAnnouncement } from "../chat/chat-announcement.tsx";
import { useChat } from "../chat/use-chat.ts";
import type { DemoInfo } from "../demo/invitation.ts";
import type { JoinChoice } from "../enter-room.ts";
import type { DeviceChoices } from "../media/device-fields.tsx";
import { useModeration } from "../people/use-moderation.ts";
import { useDeviceChoices } from "../settings/use-device-choices.ts";
import { useFocusAtStart } from "../ui/use-focus-at-start.ts";
import { bannerOf } from "./banner-state.ts";
import { ConnectionBanner } from "./connection-banner.tsx";
import { Controls } from "./controls.tsx";
import { InvitationNotice } from "./invitation-notice.tsx";
import type { StartTracks } from "./media-controls.ts";
import { MeetingNotices } from "./meeting-notices.tsx";
import { MeetingPanels } from "./meeting-panels.tsx";
import type { OpenPanel } from "./open-panel.ts";
import { Sounds } from "./sounds.tsx";
import { Stage } from "./stage.tsx";
import { TopBar } from "./top-bar.tsx";
import { useInvitation } from "./use-invitation.ts";
import { useMediaControls } from "./use-media-controls.ts";
import { useNews } from "./use-news.ts";
import { useRoom } from "./use-room.ts";
import { useShortcuts } from "./use-shortcuts.ts";

type Props = {
  room: Room;
  choice: JoinChoice;
  start: StartTracks;
  info: DemoInfo | undefined;
  onLeft: () => void;
};

export function Meeting({ room, choice, start, info, onLeft }: Props) {
  const { preferences } = choice;
  const [openPanel, setOpenPanel] = useState<OpenPanel>(null);
  const view = useRoom(room);
  const banner = bannerOf(view.connection, useNews(room));
  const chat = useChat(room, openPanel === "chat");
  const { choices, remember } = useDeviceChoices(preferences);
  const media = useMediaControls(room, choices, { ...preferences, tracks: start });
  const moderation = useModeration(room);
  const main = useFocusAtStart<HTMLElement>();
  const invitation = useInvitation(room.roomId, info);

  const closePanel = () => setOpenPanel(null);
  const togglePanel = (panel: OpenPanel) => setOpenPanel((open) => (open === panel ? null : panel));
  const choose = (change: Partial<DeviceChoices>) => {
    remember(change);
    media.switchDevices(change);
  };
  const leave = () => {
    void room.leave();
    onLeft();
  };
  useShortcuts({
    m: () => media.setMicrophone(!view.self.isMicrophoneOn),
    v: () => media.setCamera(!view.self.camera),
    escape: closePanel,
  });

  return (
    <main
      ref={main}
      tabIndex={-1}
      aria-label="Meeting"
      className={openPanel ? "meeting has-panel" : "meeting"}
    >
      <TopBar
        roomId={room.roomId}
        peerCount={view.others.length + 1}
        openPanel={openPanel}
        onTogglePanel={togglePanel}
        onInvite={invitation.copy}
      />
      <div className="meeting__notices">
        <ConnectionBanner banner={banner} />
        {!view.canPlayAudio && (
          <button type="button" className="button button--primary" onClick={() => void room.startPlayback()}>
            Click to hear the others
          </button>
        )}
        {invitation.notice && <InvitationNotice notice={invitation.notice} onClose={invitation.dismiss} />}
        {view.self.screen && (
          <p role="status" className="notice">
            You share your screen.
          </p>
        )}
        <MeetingNotices media={media} isLocked={view.locked.includes("microphone")} />
      </div>
      <Stage self={view.self} others={view.others} />
      <MeetingPanels
        openPanel={openPanel}
        room={room}
        moderation={moderation}
        view={view}
        chat={chat}
        choices={choices}
        onChoose={choose}
        onClose={closePanel}
      />
      <Controls
        view={view}
        media={media}
        openPanel={openPanel}
        unread={chat.unread}
        onTogglePanel={togglePanel}
        onLeave={leave}
      />
      <ChatAnnouncement last={chat.messages.at(-1)} isChatOpen={openPanel === "chat"} />
      <Sounds peers={view.others} speakerId={choices.speakerId} />
    </main>
  );
}
