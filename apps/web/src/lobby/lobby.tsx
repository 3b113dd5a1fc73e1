import { useEffect, useState } from "react";
import type { JoinChoice } from "../enter-room.ts";
import { DeviceFields } from "../media/device-fields.tsx";
import { MediaNotice, type Problems } from "../media/media-notice.tsx";
import { CAPTURE_KINDS, type CaptureKind } from "../media/media-problem.ts";
import type { Captures, Wanted } from "../media/preview.ts";
import { useDevices } from "../media/use-devices.ts";
import { usePreview } from "../media/use-preview.ts";
import type { StartTracks } from "../meeting/media-controls.ts";
import { CameraPreview } from "./camera-preview.tsx";
import { JoinForm } from "./join-form.tsx";
import { loadPreferences, type Preferences, savePreferences } from "./preferences.ts";

type Props = {
  notice: string | undefined;
  /** @returns Why joining failed; undefined when it did not. */
  onJoin: (choice: JoinChoice, takeTracks: () => StartTracks) => Promise<string | undefined>;
};

const storage = () => window.localStorage;

export function Lobby({ notice, onJoin }: Props) {
  const [preferences, setPreferences] = useState(() => loadPreferences(storage));
  const { preview, captures } = usePreview();
  const devices = useDevices(`${captures.camera.state} ${captures.microphone.state}`);

  // Only the first time: later starts follow from what the person does.
  // biome-ignore lint/correctness/useExhaustiveDependencies: see above
  useEffect(() => {
    void preview.start(wantedBy(preferences, ["camera", "microphone"]));
  }, [preview]);

  const change = (changed: Partial<Preferences>): Preferences => {
    const next = { ...preferences, ...changed };
    setPreferences(next);
    savePreferences(storage, next);
    return next;
  };
  const toggle = (kind: CaptureKind, isOn: boolean) => {
    const next = change(kind === "camera" ? { isCameraOn: isOn } : { isMicrophoneOn: isOn });
    if (isOn) void preview.start(wantedBy(next, [kind]));
    else preview.stop(kind);
  };
  const choose = (changed: Partial<Preferences>) => {
    const next = change(changed);
    if (changed.cameraId !== undefined) void preview.start(wantedBy(next, ["camera"]));
    if (changed.microphoneId !== undefined) void preview.start(wantedBy(next, ["microphone"]));
  };
  const join = (roomId: string) => {
    const name = preferences.name.trim();
    return onJoin({ roomId, preferences: { ...preferences, name } }, () => preview.release());
  };

  return (
    <main className="lobby">
      <header className="lobby__header">
        <h1 className="lobby__title">Fairlead</h1>
        <a href="/studio">Broadcast in the studio</a>
      </header>
      <section className="lobby__preview" aria-label="Camera and microphone">
        <CameraPreview captures={captures} name={preferences.name} onToggle={toggle} />
        <MediaNotice
          problems={problemsOf(captures)}
          onRetry={(kinds) => void preview.start(wantedBy(preferences, kinds))}
        />
      </section>
      <section className="lobby__form card" aria-label="Join a meeting">
        <JoinForm
          name={preferences.name}
          onNameChange={(name) => change({ name })}
          notice={notice}
          onJoin={join}
        />
        <details className="devices">
          <summary>Devices</summary>
          <DeviceFields devices={devices} choices={preferences} onChange={choose} />
        </details>
      </section>
    </main>
  );
}

/** Of `kinds`, those that the person wants on, each with its device. */
function wantedBy(preferences: Preferences, kinds: readonly CaptureKind[]): Wanted {
  const isWanted = (kind: CaptureKind) => kinds.includes(kind);
  return {
    ...(isWanted("camera") && preferences.isCameraOn ? { camera: preferences.cameraId } : {}),
    ...(isWanted("microphone") && preferences.isMicrophoneOn ? { microphone: preferences.microphoneId } : {}),
  };
}

function problemsOf(captures: Captures): Problems {
  const problems: Problems = {};
  for (const kind of CAPTURE_KINDS) {
    const capture = captures[kind];
    if (capture.state === "failed") problems[kind] = capture.problem;
  }
  return problems;
}
