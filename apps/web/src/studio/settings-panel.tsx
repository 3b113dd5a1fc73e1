import { type FormEvent, useState } from "react";
import { type BroadcastSettings, changeSettings, type StudioRight } from "../demo/broadcasts.ts";
import { refusalText } from "../demo/refusal-text.ts";
import { draftOf, wishOf } from "./settings-draft.ts";
import { SettingsFields } from "./settings-fields.tsx";

type Props = {
  right: StudioRight;
  settings: BroadcastSettings;
  onChanged: (settings: BroadcastSettings) => void;
};

type Progress = { state: "idle" | "saving" | "saved" } | { state: "failed"; reason: string };

/** Changes the settings of a broadcast, also while it is live. */
export function SettingsPanel({ right, settings, onChanged }: Props) {
  const [draft, setDraft] = useState(() => draftOf(settings));
  const [progress, setProgress] = useState<Progress>({ state: "idle" });
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setProgress({ state: "saving" });
    const answer = await changeSettings(right, wishOf(draft));
    if (answer.state !== "granted") return setProgress({ state: "failed", reason: refusalText(answer) });
    setDraft(draftOf(answer.value));
    onChanged(answer.value);
    setProgress({ state: "saved" });
  };
  return (
    <details className="card foldable">
      <summary>
        <h2>Settings</h2>
      </summary>
      <form className="settings-form" onSubmit={save}>
        <SettingsFields draft={draft} onChange={setDraft} />
        <button type="submit" className="button" disabled={progress.state === "saving"}>
          Save settings
        </button>
        <p className="hint" role="status">
          {progress.state === "saved" && "Saved."}
        </p>
        {progress.state === "failed" && (
          <p role="alert" className="notice notice--error">
            {progress.reason}
          </p>
        )}
      </form>
    </details>
  );
}
