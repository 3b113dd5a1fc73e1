import { useEffect, useState } from "react";
import { mediaDevices } from "./browser-media.ts";

export type Device = { id: string; label: string };
export type Devices = { cameras: Device[]; microphones: Device[]; speakers: Device[] };

const NONE: Devices = { cameras: [], microphones: [], speakers: [] };

/**
 * The devices of this computer, kept up to date as they come and go.
 * @param permissionKey Changes when a permission may have: only then do browsers tell names and ids.
 */
export function useDevices(permissionKey: string): Devices {
  const [devices, setDevices] = useState(NONE);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key is there to ask anew
  useEffect(() => {
    const source = mediaDevices();
    if (!source) return;
    let isCurrent = true;
    const refresh = async () => {
      const infos = await source.enumerateDevices().catch(() => []);
      if (isCurrent) setDevices(groupDevices(infos));
    };
    void refresh();
    source.addEventListener("devicechange", refresh);
    return () => {
      isCurrent = false;
      source.removeEventListener("devicechange", refresh);
    };
  }, [permissionKey]);
  return devices;
}

type DeviceInfo = Pick<MediaDeviceInfo, "kind" | "deviceId" | "label">;

/** Without a permission, browsers list devices without ids: these are left out. */
export function groupDevices(infos: readonly DeviceInfo[]): Devices {
  const ofKind = (kind: MediaDeviceKind, word: string) =>
    infos
      .filter((info) => info.kind === kind && info.deviceId !== "" && info.deviceId !== "default")
      .map((info, index) => ({ id: info.deviceId, label: info.label || `${word} ${index + 1}` }));
  return {
    cameras: ofKind("videoinput", "Camera"),
    microphones: ofKind("audioinput", "Microphone"),
    speakers: ofKind("audiooutput", "Speaker"),
  };
}
