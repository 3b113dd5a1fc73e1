import { useId } from "react";
import type { Device } from "./use-devices.ts";

type Props = {
  label: string;
  devices: Device[];
  /** Empty: the system's default. */
  value: string;
  onChange: (deviceId: string) => void;
};

export function DeviceSelect({ label, devices, value, onChange }: Props) {
  const id = useId();
  const isKnown = devices.some((device) => device.id === value);
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={isKnown ? value : ""} onChange={(event) => onChange(event.target.value)}>
        <option value="">System default</option>
        {devices.map((device) => (
          <option key={device.id} value={device.id}>
            {device.label}
          </option>
        ))}
      </select>
    </div>
  );
}
