import type { Preferences } from "../lobby/preferences.ts";
import { canChooseSpeaker } from "./browser-media.ts";
import { DeviceSelect } from "./device-select.tsx";
import type { Devices } from "./use-devices.ts";

export type DeviceChoices = Pick<Preferences, "cameraId" | "microphoneId" | "speakerId">;

type Props = { devices: Devices; choices: DeviceChoices; onChange: (change: Partial<DeviceChoices>) => void };

/** The same three choices in the lobby and in the meeting. */
export function DeviceFields({ devices, choices, onChange }: Props) {
  return (
    <>
      <DeviceSelect
        label="Camera"
        devices={devices.cameras}
        value={choices.cameraId}
        onChange={(cameraId) => onChange({ cameraId })}
      />
      <DeviceSelect
        label="Microphone"
        devices={devices.microphones}
        value={choices.microphoneId}
        onChange={(microphoneId) => onChange({ microphoneId })}
      />
      {canChooseSpeaker() && (
        <DeviceSelect
          label="Speaker"
          devices={devices.speakers}
          value={choices.speakerId}
          onChange={(speakerId) => onChange({ speakerId })}
        />
      )}
    </>
  );
}
