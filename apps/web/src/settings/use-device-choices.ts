import { useState } from "react";
import { loadPreferences, savePreferences } from "../lobby/preferences.ts";
import type { DeviceChoices } from "../media/device-fields.tsx";

const storage = () => window.localStorage;

/** The devices chosen for this meeting; `remember` keeps them for the next one too. */
export function useDeviceChoices(initial: DeviceChoices) {
  const [choices, setChoices] = useState(initial);
  const remember = (change: Partial<DeviceChoices>) => {
    setChoices((before) => ({ ...before, ...change }));
    savePreferences(storage, { ...loadPreferences(storage), ...change });
  };
  return { choices, remember };
}
