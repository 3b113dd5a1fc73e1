import { useState } from "react";
import { loadPreferences, savePreferences } from "../lobby/preferences.ts";
import { DeviceSelect } from "../media/device-select.tsx";
import { useDevices } from "../media/use-devices.ts";

const storage = () => window.localStorage;

/** The camera and microphone to be sent from next time on; the lobby's choice, too. @param permissionKey As of `useDevices`. */
export function SourceDevices({ permissionKey }: { permissionKey: string }) {
  const devices = useDevices(permissionKey);
  const [choices, setChoices] = useState(() => loadPreferences(storage));
  const choose = (change: { cameraId: string } | { microphoneId: string }) => {
    const next = { ...loadPreferences(storage), ...change };
    setChoices(next);
    savePreferences(storage, next);
  };
  return (
    <details className="devices">
      <summary>Devices</summary>
      <DeviceSelect
        label="Camera"
        devices={devices.cameras}
        value={choices.cameraId}
        onChange={(cameraId) => choose({ cameraId })}
      />
      <DeviceSelect
        label="Microphone"
        devices={devices.microphones}
        value={choices.microphoneId}
        onChange={(microphoneId) => choose({ microphoneId })}
      />
    </details>
  );
}
