import type { Source } from "@fairlead/client";
import { canShareScreen } from "../media/browser-media.ts";
import { IconButton } from "../ui/icon-button.tsx";
import type { OpenPanel } from "./open-panel.ts";
import { PanelButton } from "./panel-button.tsx";
import type { RoomView } from "./room-view.ts";
import type { MediaControls } from "./use-media-controls.ts";

type Props = {
  view: RoomView;
  media: MediaControls;
  openPanel: OpenPanel;
  unread: number;
  onTogglePanel: (panel: Exclude<OpenPanel, null>) => void;
  onLeave: () => void;
};

/** Buttons for the person's own media, the panels, and leaving. */
export function Controls({ view, media, openPanel, unread, onTogglePanel, onLeave }: Props) {
  const may = (source: Source) => view.publishable.includes(source);
  return (
    <div className="controls" role="toolbar" aria-label="Meeting controls">
      {may("microphone") && (
        <MicrophoneButton view={view} onToggle={() => media.setMicrophone(!view.self.isMicrophoneOn)} />
      )}
      {may("camera") && <CameraButton view={view} onToggle={() => media.setCamera(!view.self.camera)} />}
      {may("screen") && canShareScreen() && (
        <IconButton
          icon={view.self.screen ? "screen-off" : "screen"}
          label={view.self.screen ? "Stop sharing" : "Share screen"}
          caption={view.self.screen ? "Stop sharing" : "Share"}
          tone={view.self.screen ? "active" : "plain"}
          onClick={() => media.setScreen(!view.self.screen)}
        />
      )}
      <PanelButton panel="chat" icon="chat" openPanel={openPanel} onToggle={onTogglePanel} count={unread} />
      <PanelButton panel="people" icon="people" openPanel={openPanel} onToggle={onTogglePanel} />
      <IconButton icon="leave" label="Leave" caption="Leave" tone="danger" onClick={onLeave} />
    </div>
  );
}

type ToggleProps = { view: RoomView; onToggle: () => void };

function MicrophoneButton({ view, onToggle }: ToggleProps) {
  const isOn = view.self.isMicrophoneOn;
  return (
    <IconButton
      icon={isOn ? "microphone" : "microphone-off"}
      label={isOn ? "Mute microphone" : "Unmute microphone"}
      caption={isOn ? "Mute" : "Unmute"}
      shortcut="M"
      tone={isOn ? "plain" : "off"}
      onClick={onToggle}
    />
  );
}

function CameraButton({ view, onToggle }: ToggleProps) {
  const isOn = view.self.camera !== undefined;
  return (
    <IconButton
      icon={isOn ? "camera" : "camera-off"}
      label={isOn ? "Stop camera" : "Start camera"}
      caption={isOn ? "Stop camera" : "Start camera"}
      shortcut="V"
      tone={isOn ? "plain" : "off"}
      onClick={onToggle}
    />
  );
}
