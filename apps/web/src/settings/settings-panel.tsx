import { type DeviceChoices, DeviceFields } from "../media/device-fields.tsx";
import { useDevices } from "../media/use-devices.ts";
import { Panel } from "../ui/panel.tsx";

type Props = {
  id: string;
  choices: DeviceChoices;
  /** Changes when a permission may have. */
  permissionKey: string;
  onChange: (change: Partial<DeviceChoices>) => void;
  onClose: () => void;
};

export function SettingsPanel({ id, choices, permissionKey, onChange, onClose }: Props) {
  const devices = useDevices(permissionKey);
  return (
    <Panel id={id} title="Devices" onClose={onClose}>
      <div className="settings">
        <DeviceFields devices={devices} choices={choices} onChange={onChange} />
      </div>
    </Panel>
  );
}
